"""Keep ``Category.sensitive`` true for every flagged category and all below it."""

from __future__ import annotations

from django.contrib.sites.models import Site

from recommender.catalog import keeping
from recommender.catalog.models import Category


def refresh_sensitivity(*, site: Site | int) -> int:
    """Derive ``sensitive`` from the flags and the tree; return how many categories changed."""
    rows = {
        pk: (parent_id, by_host or here, sensitive)
        for pk, parent_id, by_host, here, sensitive in Category.objects.for_site(site).values_list(
            "pk", "parent_id", "is_flagged_by_host", "is_flagged_here", "sensitive"
        )
    }
    parents = {pk: (parent_id, flagged) for pk, (parent_id, flagged, _) in rows.items()}
    changed: dict[bool, list[int]] = {True: [], False: []}
    for pk, (_, _, current) in rows.items():
        derived = _is_flagged_upwards(pk, parents)
        if derived != current:
            changed[derived].append(pk)
    for sensitive, pks in changed.items():
        if pks:
            Category.objects.filter(pk__in=pks).update(sensitive=sensitive)
            keeping.renew(site_id=site.pk if isinstance(site, Site) else site)
    return sum(map(len, changed.values()))


def _is_flagged_upwards(pk: int, parents: dict[int, tuple[int | None, bool]]) -> bool:
    seen: set[int] = set()
    current: int | None = pk
    while current is not None and current in parents and current not in seen:
        seen.add(current)
        current, flagged = parents[current]
        if flagged:
            return True
    return False
