"""What shoppers did, what each kind weighs, and how often something was refused."""

from __future__ import annotations

from typing import NoReturn

from django.contrib.sites.models import Site
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.models import Shopper
from recommender.catalog.models import Category, Product
from recommender.events.kinds import CODE_CHOICES, DISLIKES, Kind

__all__ = ["Event", "KindWeight", "RefusalCount", "ShopperEvents"]


class EventQuerySet(models.QuerySet["Event"]):
    def for_site(self, site: Site | int) -> EventQuerySet:
        return self.filter(site=site)


class ClosedManager(models.Manager["Event"]):
    """What `Event.objects` is: a reminder that events have doors.

    Whoever asks by it, a host's ``dumpdata`` included, gets an error instead of somebody's
    history. The doors in `recommender.events` use `Event.rows`, which no other part can import.
    """

    def get_queryset(self) -> NoReturn:
        raise PermissionError(
            "Events are written by recommender.events.services and read by its selectors."
        )


class Event(models.Model):
    """One thing a shopper did, once.

    The key ``(shopper, id)`` refuses repetitions, reads histories in order of time (ids are
    UUIDv7, minted when it happened) and erases a person. The one other index is small: what
    people asked not to see again.

    The keys of shopper and site are not constrained in the database: the sink holds the
    shopper's locked state row while it inserts, which no deletion of a shopper can pass, and a
    constraint would be checked for each row again.

    ``purposes`` holds what the shopper allowed when the row was committed, ``consent_seq`` the
    ledger row that said so. ``visit`` joins what belongs to one sitting. ``value`` has the
    unit of the kind; ``price_micros`` is the price of one unit at that moment.
    """

    pk = models.CompositePrimaryKey("shopper_id", "id")
    shopper = models.ForeignKey(
        Shopper,
        models.CASCADE,
        verbose_name=_("shopper"),
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    id = models.UUIDField(_("id"))
    site = models.ForeignKey(
        Site,
        models.CASCADE,
        verbose_name=_("site"),
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    visit = models.UUIDField(_("visit"), null=True)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=CODE_CHOICES)
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        verbose_name=_("product"),
        null=True,
        related_name="+",
        db_index=False,
    )
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        verbose_name=_("category"),
        null=True,
        related_name="+",
        db_index=False,
    )
    placement = models.CharField(_("placement"), max_length=64, blank=True)
    slate = models.UUIDField(_("slate"), null=True)
    position = models.PositiveSmallIntegerField(_("position"), null=True)
    value = models.PositiveIntegerField(_("value"), null=True)
    price_micros = models.BigIntegerField(_("price"), null=True)
    purposes = models.BigIntegerField(_("purposes"))
    consent_seq = models.PositiveBigIntegerField(_("decision"))
    occurred_at = models.DateTimeField(_("occurred at"))
    received_at = models.DateTimeField(_("received at"))

    objects = ClosedManager()
    rows = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(
                fields=["shopper", "id"],
                name="recommender_event_dislikes",
                condition=models.Q(kind__in=sorted(kind.code for kind in DISLIKES)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class KindWeight(models.Model):
    """What a kind weighs on a site; a kind without a row has its default weight."""

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    kind = models.PositiveSmallIntegerField(_("kind"), choices=CODE_CHOICES)
    weight = models.FloatField(
        _("weight"),
        validators=[MinValueValidator(0.0)],
        help_text=_("0 keeps the kind out of histories and training."),
    )

    class Meta:
        verbose_name = _("weight of a kind")
        verbose_name_plural = _("weights of kinds")
        ordering = ["site", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["site", "kind"], name="recommender_kindweight"),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0), name="recommender_kindweight_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{Kind.of_code(self.kind)} {self.weight:g}"


class RefusalCount(models.Model):
    """How many events were refused for one cause in one hour; a number, nobody's."""

    site = models.ForeignKey(Site, models.CASCADE, verbose_name=_("site"), related_name="+")
    hour = models.DateTimeField(_("hour"))
    cause = models.CharField(_("cause"), max_length=32)
    count = models.PositiveBigIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("count of refused events")
        verbose_name_plural = _("counts of refused events")
        ordering = ["-hour", "cause"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "hour", "cause"], name="recommender_refusalcount"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.cause} {self.count}"


class ShopperEvents(Shopper):
    """A shopper as the admin's read-only page of events shows it; no table of its own."""

    class Meta:
        proxy = True
        verbose_name = _("events of a shopper")
        verbose_name_plural = _("events by shopper")
