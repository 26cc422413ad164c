"""What people asked the shop for, by when it must be answered, and what became of it."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.sites.models import Site
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

REFERENCE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def make_reference() -> str:
    """Return a name for a request that a person can read out, such as ``7K3M-92QX-4TBD``."""
    drawn = "".join(secrets.choice(REFERENCE_ALPHABET) for _place in range(12))
    return f"{drawn[:4]}-{drawn[4:8]}-{drawn[8:]}"


class Door(models.TextChoices):
    """How the person came, which is also how they were identified."""

    ACCOUNT = "account", _("account")
    BROWSER = "browser", _("this browser's key")
    GUEST = "guest", _("order mail")


class RequestKind(models.TextChoices):
    """The right that is exercised. Stored: a value is never renamed."""

    ACCESS = "access", _("see what is held")
    EXPORT = "export", _("take a copy")
    CORRECT = "correct", _("correct")
    RESTRICT = "restrict", _("keep, but do not use")
    OBJECT = "object", _("stop using")
    ERASE = "erase", _("stop and delete")


class State(models.TextChoices):
    """Where a request stands."""

    RECEIVED = "received", _("received")
    VERIFIED = "verified", _("identity verified")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


OPEN_STATES = (State.RECEIVED, State.VERIFIED, State.RUNNING)


class Letter(models.TextChoices):
    """The mail a request still owes the person."""

    LINK = "link", _("link to prove the address")
    NOTHING = "nothing", _("nothing is held")
    RECEIVED = "received", _("received")
    REMINDER = "reminder", _("before the deadline")
    EXTENDED = "extended", _("deadline extended")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def for_site(self, site: Site | int) -> DataRequestQuerySet:
        return self.filter(site=site)

    def open(self) -> DataRequestQuerySet:
        return self.filter(state__in=OPEN_STATES)

    def waiting(self) -> DataRequestQuerySet:
        """Return those somebody must answer: open, and the person is identified."""
        return self.filter(state__in=(State.VERIFIED, State.RUNNING))

    def overdue_at(self, moment: datetime) -> DataRequestQuerySet:
        return self.waiting().filter(due_at__lt=moment)


class DataRequest(models.Model):
    """One request of a person, self-service ones included.

    ``subject`` is a keyed pseudonym, so that the same person finds their requests again while they
    can be identified. ``mail`` is where the answer goes and ``detail`` what the person wrote; both
    are emptied with the answer. ``owed`` is a mail still to be sent, tried again from ``owed_at``.
    ``erasure`` is the deletion a running request waits for. ``reason`` was given for a refusal or
    an extension.
    """

    reference = models.CharField(
        _("reference"), max_length=14, unique=True, default=make_reference, editable=False
    )
    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    door = models.CharField(_("door"), max_length=8, choices=Door)
    kind = models.CharField(_("kind"), max_length=8, choices=RequestKind)
    state = models.CharField(_("state"), max_length=8, choices=State)
    subject = models.CharField(_("subject"), max_length=64, db_index=True, blank=True)
    shopper = models.ForeignKey(
        "attention_consent.Shopper",
        models.SET_NULL,
        verbose_name=_("shopper"),
        null=True,
        blank=True,
        related_name="+",
    )
    erasure = models.ForeignKey(
        "attention_consent.Erasure",
        models.SET_NULL,
        verbose_name=_("deletion"),
        null=True,
        blank=True,
        related_name="+",
    )
    language = models.CharField(_("language"), max_length=16, blank=True)
    mail = models.EmailField(_("mail"), blank=True)
    detail = models.TextField(_("what the person wrote"), max_length=2000, blank=True)
    received_at = models.DateTimeField(_("received at"))
    due_at = models.DateTimeField(_("due at"))
    is_extended = models.BooleanField(_("deadline extended"), default=False)
    reason = models.TextField(_("reason"), blank=True)
    reminded_at = models.DateTimeField(_("reminded at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    outcome = models.JSONField(_("outcome: counts"), default=dict, blank=True)
    owed = models.CharField(_("mail to send"), max_length=8, choices=Letter, blank=True)
    owed_at = models.DateTimeField(_("to send from"), null=True, blank=True)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request of a person")
        verbose_name_plural = _("requests of people")
        ordering = ["-received_at", "-pk"]
        permissions = [("answer_datarequest", _("Can answer requests of people"))]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="consent_request_due",
                condition=models.Q(state__in=["received", "verified", "running"]),
            ),
            models.Index(
                fields=["owed_at"],
                name="consent_request_owed",
                condition=models.Q(owed_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def is_overdue(self) -> bool:
        """Whether an answer is owed to an identified person and its deadline has passed."""
        waits = self.state in (State.VERIFIED, State.RUNNING)
        return waits and self.due_at < timezone.now()
