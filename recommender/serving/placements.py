"""Which placements there are, and their defaults."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

from django.contrib.sites.models import Site
from django.utils.translation import gettext as _

from recommender.serving.models import Placement, Recipe
from recommender.serving.slate import Mode, Rung

CACHE_SECONDS = 5.0

DEFAULTS: dict[str, dict[str, Any]] = {
    "home": {"recipe": Recipe.FOR_YOU, "size": 8},
    "product": {"recipe": Recipe.RELATED, "size": 6},
    "basket": {"recipe": Recipe.BASKET, "size": 4},
    "category": {"recipe": Recipe.CATEGORY, "size": 4},
    "search": {"recipe": Recipe.FOR_YOU, "size": 4},
}


class UnknownPlacement(LookupError):  # noqa: N818
    """No placement of this name exists on this site."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no placement named {name!r}.")
        self.name = name


_lock = threading.Lock()
_cached: dict[int, tuple[float, dict[str, Placement]]] = {}


def find(*, site: Site, name: str) -> Placement:
    """The placement ``name`` of ``site``; one of the defaults when the site has no row of it.

    Rows are kept in the process for `CACHE_SECONDS`: at most one query in that time.

    Raises:
        UnknownPlacement: neither a row nor a default.
    """
    rows = _rows(site)
    if name in rows:
        return rows[name]
    if name in DEFAULTS:
        return Placement(site=site, name=name, **DEFAULTS[name])
    raise UnknownPlacement(name)


def forget(**kwargs: Any) -> None:
    """Drop the rows kept in this process; also a receiver of ``post_save`` and ``post_delete``."""
    with _lock:
        _cached.clear()


def create_defaults(*, site: Site, using: str | None = None) -> int:
    """Create the default placements that ``site`` lacks; return how many. Safe to repeat."""
    rows = Placement.objects.using(using)
    held = set(rows.filter(site=site).values_list("name", flat=True))
    missing = [
        Placement(site=site, name=name, **values)
        for name, values in DEFAULTS.items()
        if name not in held
    ]
    rows.bulk_create(missing, ignore_conflicts=True)
    forget()
    return len(missing)


def heading(placement: Placement, *, mode: Mode, rung: Rung) -> str:
    """What stands above the slate: the shop's own title, else words that are true of the slate."""
    if placement.title:
        return placement.title
    if rung is Rung.NEWEST:
        return _("New in this shop")
    if rung is Rung.MODEL and placement.recipe == Recipe.RELATED:
        return _("Goes well with this product")
    if rung is Rung.MODEL and placement.recipe == Recipe.BASKET:
        return _("Goes well with your basket")
    if mode is not Mode.CONTEXTUAL:
        return _("Recommended for you")
    return _("Popular right now")


def _rows(site: Site) -> dict[str, Placement]:
    held = _cached.get(site.pk)
    if held is not None and monotonic() - held[0] < CACHE_SECONDS:
        return held[1]
    rows = {row.name: row for row in Placement.objects.filter(site=site)}
    with _lock:
        _cached[site.pk] = (monotonic(), rows)
    return rows
