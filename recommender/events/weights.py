"""What each kind weighs on a site."""

from __future__ import annotations

from django.contrib.sites.models import Site

from recommender.events.kinds import DEFAULT_WEIGHTS, Kind
from recommender.events.models import KindWeight


def kind_weights(*, site: Site | int) -> dict[Kind, float]:
    """Return the weight of every kind: the site's own, else the default. One query."""
    own = KindWeight.objects.filter(site=site).values_list("kind", "weight")
    return DEFAULT_WEIGHTS | {Kind.of_code(code): weight for code, weight in own}


def weighted_kinds(*, site: Site | int) -> list[Kind]:
    """Return the kinds that count in histories and training. One query."""
    return [kind for kind, weight in kind_weights(site=site).items() if weight > 0]
