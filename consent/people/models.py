"""Who may be remembered, what they allow now, and how many chose what."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.sites.models import Site
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.purposes import Purpose, from_mask


class ShopperQuerySet(models.QuerySet["Shopper"]):
    def for_site(self, site: Site | int) -> ShopperQuerySet:
        return self.filter(site=site)


class Shopper(models.Model):
    """A person the shop may remember, known by a random key alone.

    ``was_linked`` stays true once an account used the key: a history that belonged to an
    account is never offered to another. No browser ever holds the key of an imported one.
    """

    id = models.UUIDField(_("key"), primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("account"),
        null=True,
        blank=True,
        related_name="+",
    )
    was_linked = models.BooleanField(_("was linked to an account"), default=False)
    is_imported = models.BooleanField(_("imported"), default=False)
    created_at = models.DateTimeField(_("created at"))

    objects = ShopperQuerySet.as_manager()

    class Meta:
        verbose_name = _("shopper")
        verbose_name_plural = _("shoppers")
        constraints = [
            models.UniqueConstraint(fields=["site", "user"], name="consent_shopper_account"),
        ]

    def __str__(self) -> str:
        return f"{str(self.pk)[:8]}…"


class ConsentStateQuerySet(models.QuerySet["ConsentState"]):
    def for_site(self, site: Site | int) -> ConsentStateQuerySet:
        return self.filter(site=site)


class ConsentState(models.Model):
    """What a shopper allows now. The row that is locked: the truth for every gate.

    ``generation`` grows with every withdrawal and suspension; ``sequence`` is the ledger row of
    the last decision.

    A material change of the policy moves ``purposes`` to ``suspended``: kept, not in force, until
    the person decides again. A restriction does the same, without ``suspended_at``. ``confirmed``
    are purposes granted a second time against Global Privacy Control. ``seen_policy`` is the
    version whose news the person put away.
    """

    shopper = models.OneToOneField(
        Shopper, models.CASCADE, primary_key=True, related_name="state", verbose_name=_("shopper")
    )
    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    purposes = models.BigIntegerField(_("purposes"), default=0)
    generation = models.PositiveIntegerField(_("generation"), default=1)
    sequence = models.PositiveBigIntegerField(_("last decision"))
    policy = models.ForeignKey(
        "attention_consent.PolicyVersion",
        models.PROTECT,
        verbose_name=_("policy version"),
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided at"), db_index=True)
    suspended = models.BigIntegerField(_("suspended purposes"), default=0)
    suspended_at = models.DateTimeField(_("suspended at"), null=True, blank=True)
    confirmed = models.BigIntegerField(_("confirmed against the signal"), default=0)
    seen_policy = models.PositiveIntegerField(_("news put away up to version"), default=0)

    objects = ConsentStateQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent state")
        verbose_name_plural = _("consent states")

    def __str__(self) -> str:
        return f"{str(self.shopper_id)[:8]}…: {', '.join(sorted(self.granted)) or '-'}"

    @property
    def granted(self) -> frozenset[Purpose]:
        """The purposes in force."""
        return from_mask(self.purposes)

    @property
    def resting(self) -> frozenset[Purpose]:
        """The purposes that wait for a new decision."""
        return from_mask(self.suspended)

    @property
    def is_restricted(self) -> bool:
        """Whether the person, and no change of the text, lets what they allowed rest."""
        return bool(self.suspended) and self.suspended_at is None

    @property
    def is_closed(self) -> bool:
        """Whether the person allows nothing: a no, not a suspension."""
        return not self.purposes and not self.suspended


class ChoiceCount(models.Model):
    """How often a choice was made in one hour: a number, nothing of the people."""

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    hour = models.DateTimeField(_("hour"))
    choice = models.CharField(_("choice"), max_length=16)
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("count of choices")
        verbose_name_plural = _("counts of choices")
        constraints = [
            models.UniqueConstraint(fields=["site", "hour", "choice"], name="consent_choicecount"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.choice} {self.count}"
