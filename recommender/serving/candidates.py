"""What the model proposes for a placement: items with scores, parts and reasons, best first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.events.kinds import Kind
from recommender.serving import explanation
from recommender.serving.context import SlateContext
from recommender.serving.history import dwell_seconds
from recommender.serving.live import Live
from recommender.serving.models import Placement, Recipe, SeenRule
from recommender.serving.profile import Encounter, Profile
from recommender.serving.recall import Ranked
from recommender.serving.shelf import Mask
from recommender.serving.slate import Mode, Reason

FEW_BARRED = 64
STRESSED = 4
"""So many times the wanted list are ranked before a person's stresses change its order."""

Indices = npt.NDArray[np.int64]


class Candidate(NamedTuple):
    """One proposed product.

    Attributes:
        product_id: id of the mirror product.
        score: comparable inside one list only.
        parts: contributions of attention, transitions, popularity, repeats; may be empty.
        reason: why it is proposed.
    """

    product_id: int
    score: float
    parts: tuple[float, ...]
    reason: Reason


class Proposal(NamedTuple):
    """Candidates, whose behavior ranked them, and ids of the products that reasons name."""

    candidates: list[Candidate]
    mode: Mode
    named: list[int]


class _Limits(NamedTuple):
    """Items that may not be proposed, in the two forms the ranker takes.

    A mask costs a walk through the whole catalog; withholding a few items by name does not. So a
    mask is used for a category or when much of the catalog is barred.
    """

    exclude: Indices
    eligible: Mask | None


def propose(
    *,
    live: Live,
    placement: Placement,
    context: SlateContext,
    profile: Profile,
    basket: Sequence[str],
    excluded: Iterable[str],
    count: int,
) -> Proposal:
    """At most ``count`` candidates by the placement's recipe.

    Args:
        live: the model that answers.
        placement: its recipe and rule for products seen before.
        context: the page.
        profile: what may be used of the person.
        basket: host keys in the basket.
        excluded: host keys that may not be proposed.
        count: candidates wanted.
    """
    by_category = placement.recipe == Recipe.CATEGORY
    limits = _limits(live, excluded, context.category if by_category else "")
    if placement.recipe == Recipe.RELATED and context.product:
        page = int(live.shelf.items_of([context.product])[0])
        if page >= 0 and not live.shelf.sensitive[page]:
            return _related(live, page, context.product, limits, count)
    if placement.recipe == Recipe.BASKET and basket:
        return _for_basket(live, basket, limits, count)
    if placement.recipe in (Recipe.FOR_YOU, Recipe.CATEGORY):
        items = _items_met(live, profile)
        weights = _weights(live, profile.encounters)
        if ((items >= 0) & (weights > 0)).any():
            return _for_person(live, placement, profile, items, weights, limits, count)
    return _popular(live, limits, count)


def _for_person(
    live: Live,
    placement: Placement,
    profile: Profile,
    items: Indices,
    weights: npt.NDArray[np.float64],
    limits: _Limits,
    count: int,
) -> Proposal:
    published = live.published
    exclude = limits.exclude
    if placement.seen == SeenRule.DROP:
        exclude = np.concatenate([exclude, np.unique(items[items >= 0])])
    stresses = _stresses(live, profile.encounters, items)
    kinds = np.array([encounter.kind.code for encounter in profile.encounters])
    values = np.array([encounter.value for encounter in profile.encounters])
    ranked = published.rank(
        items,
        np.array([encounter.age for encounter in profile.encounters]),
        weights=weights,
        kinds=kinds,
        dwell=dwell_seconds(kinds, values),
        k=STRESSED * count if stresses else count,
        exclude=exclude,
        eligible=limits.eligible,
    )
    if stresses:
        ranked = _stressed(live, ranked, stresses, count)
    reasons = explanation.own_reasons(
        ranked,
        encounters=profile.encounters,
        items=items,
        weights=weights,
        history=published.meta.history,
    )
    return _proposal(live, ranked, reasons, mode=profile.mode, named=_sources(ranked, items))


def _for_basket(live: Live, basket: Sequence[str], limits: _Limits, count: int) -> Proposal:
    items = _without_sensitive(live, live.shelf.items_of(basket))
    ranked = live.published.rank(
        items,
        np.zeros(len(items)),
        kinds=np.full(len(items), Kind.CART_ADD.code),
        k=count,
        exclude=limits.exclude,
        eligible=limits.eligible,
    )
    reasons = explanation.basket_reasons(ranked, basket=basket)
    return _proposal(live, ranked, reasons, named=_sources(ranked, items))


def _related(live: Live, page: int, key: str, limits: _Limits, count: int) -> Proposal:
    eligible = limits.eligible
    if len(limits.exclude):
        eligible = live.shelf.eligible.copy() if eligible is None else eligible.copy()
        eligible[limits.exclude] = False
    ranked = live.published.related(page, k=count, eligible=eligible)
    reasons = explanation.page_reasons(ranked, product=key)
    return _proposal(live, ranked, reasons, named=[page])


def _popular(live: Live, limits: _Limits, count: int) -> Proposal:
    eligible = live.shelf.eligible if limits.eligible is None else limits.eligible
    ranked = live.published.popular(count + len(limits.exclude), eligible=eligible)
    kept = ~np.isin(ranked.items, limits.exclude)
    ranked = Ranked(
        ranked.items[kept][:count],
        ranked.scores[kept][:count],
        ranked.parts[kept][:count],
        ranked.sources[kept][:count],
    )
    reasons = [explanation.POPULAR] * len(ranked.items)
    return _proposal(live, ranked, reasons)


def _limits(live: Live, excluded: Iterable[str], category: str) -> _Limits:
    items = live.shelf.items_of(tuple(excluded))
    exclude = items[items >= 0]
    if category:
        return _Limits(exclude, live.shelf.in_category(category))
    if len(live.shelf.barred) > FEW_BARRED:
        return _Limits(exclude, live.shelf.eligible)
    return _Limits(np.concatenate([exclude, live.shelf.barred]), None)


def _items_met(live: Live, profile: Profile) -> Indices:
    """Item index of each encounter; -1 where the model has none or it may not be used."""
    encounters = profile.encounters
    if profile.mode is Mode.PERSONAL:
        items = live.published.index_of([encounter.product_id for encounter in encounters])
    else:
        items = live.shelf.items_of([encounter.key for encounter in encounters])
    return _without_sensitive(live, items)


def _without_sensitive(live: Live, items: Indices) -> Indices:
    return np.where((items >= 0) & live.shelf.sensitive[items], -1, items)


def _weights(live: Live, encounters: Sequence[Encounter]) -> npt.NDArray[np.float64]:
    by_code = live.published.meta.kind_weights
    return np.array([by_code.get(encounter.kind.code, 0.0) for encounter in encounters])


def _stresses(live: Live, encounters: Sequence[Encounter], items: Indices) -> dict[int, float]:
    """What the person makes of a category, where it is not 1, by id; 0 is none."""
    places = [place for place, encounter in enumerate(encounters) if encounter.weight != 1.0]
    if not places:
        return {}
    categories = live.shelf.categories_of(items[places]).tolist()
    met = [encounters[place].weight for place in places]
    known = zip(categories, met, items[places].tolist(), strict=True)
    return {category: weight for category, weight, item in known if item >= 0}


def _stressed(live: Live, ranked: Ranked, stresses: dict[int, float], count: int) -> Ranked:
    """The best ``count`` once each product's score is multiplied by the stress of its category."""
    categories = live.shelf.categories_of(ranked.items).tolist()
    factors = np.array([stresses.get(each, 1.0) for each in categories], dtype=np.float32)
    scores = ranked.scores * factors
    order = np.argsort(-scores, kind="stable")[:count]
    parts = ranked.parts * factors[:, None]
    return Ranked(ranked.items[order], scores[order], parts[order], ranked.sources[order])


def _sources(ranked: Ranked, items: Indices) -> list[int]:
    """Items of the history whose transitions led to what is ranked."""
    places = ranked.sources[ranked.sources >= 0]
    named: list[int] = np.unique(items[places]).tolist()
    return named


def _proposal(
    live: Live,
    ranked: Ranked,
    reasons: list[Reason],
    *,
    mode: Mode = Mode.CONTEXTUAL,
    named: Sequence[int] = (),
) -> Proposal:
    """What was ranked, as products; a score of 0 says that nothing speaks for the product."""
    products = live.published.products
    rows = zip(
        products[ranked.items].tolist(),
        ranked.scores.tolist(),
        ranked.parts.tolist(),
        reasons,
        strict=True,
    )
    found = [
        Candidate(product_id, score, tuple(parts), reason)
        for product_id, score, parts, reason in rows
        if score > 0
    ]
    return Proposal(found, mode, products[list(named)].tolist() if named else [])
