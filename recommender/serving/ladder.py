"""Who answers: the model, else best sellers, else the newest products, else nobody.

Each rung runs in its own savepoint and may fail, be late or have too little; the next one then
fills what is missing. Why a rung did not answer is kept and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.contrib.sites.models import Site
from django.db.models import QuerySet
from django.http import HttpRequest

from recommender.catalog.adapter import HostAdapter
from recommender.catalog.models import Product
from recommender.catalog.records import Offer
from recommender.serving import candidates, live
from recommender.serving.candidates import Candidate
from recommender.serving.cards import ShownProduct, shown_products
from recommender.serving.context import SlateContext
from recommender.serving.deadline import Deadline, DeadlinePassed
from recommender.serving.guard import reading
from recommender.serving.live import Live, ModelUnavailable
from recommender.serving.models import Bestseller, Fallback, Placement, Recipe
from recommender.serving.profile import NOBODY, Profile, read_profile
from recommender.serving.slate import Mode, Reason, ReasonKind, Rung, SlateItem

logger = logging.getLogger(__name__)

SPARE = 4
WIDER = 4
LOG_SECONDS = 60.0
_logged: dict[str, float] = {}


@dataclass(slots=True, kw_only=True)
class Climb:
    """One slate in the making: what is asked, what is known, what is found so far."""

    request: HttpRequest
    site: Site
    placement: Placement
    context: SlateContext
    adapter: HostAdapter
    size: int
    budget_ms: float
    deadline: Deadline
    live: Live | None = None
    profile: Profile = NOBODY
    basket: tuple[str, ...] = ()
    mode: Mode = Mode.CONTEXTUAL
    rung: Rung = Rung.EMPTY
    model_version: str = ""
    causes: list[str] = field(default_factory=list)
    items: list[SlateItem] = field(default_factory=list)
    products: dict[str, ShownProduct] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)

    @property
    def excluded(self) -> set[str]:
        """Keys that may not appear: the page's product, the basket, what the person hid."""
        shown = {item.key for item in self.items}
        return {self.context.product, *self.basket, *self.profile.hidden, *shown} - {""}

    @property
    def missing(self) -> int:
        """Items still wanted."""
        return self.size - len(self.items)

    @property
    def enough(self) -> int:
        """Candidates to ask for: some of them will not be available."""
        return self.size + max(SPARE, self.size // 2)


def climb(ask: Climb) -> None:
    """Fill ``ask`` from the best rung that can; never raises for what a step does."""
    _attempt(ask, Rung.MODEL.value, _open_model)
    if ask.placement.recipe != Recipe.POPULAR:
        _attempt(ask, "profile", _read_profile)
        _attempt(ask, "basket", _read_basket)
    for rung, answer in _rungs(ask):
        if rung is not Rung.MODEL and ask.deadline.left_ms == 0:
            if ask.items:
                return
            ask.deadline = Deadline(ask.budget_ms / 2)
        _attempt(ask, rung.value, answer)
        if ask.items and ask.rung is Rung.EMPTY:
            ask.rung = rung
        if ask.missing <= 0:
            return


def _rungs(ask: Climb) -> Iterable[tuple[Rung, Callable[[Climb], None]]]:
    if ask.live is not None:
        yield Rung.MODEL, _from_model
    if ask.placement.fallback == Fallback.POPULAR:
        yield Rung.POPULAR, _from_sales
    if ask.placement.fallback != Fallback.NOTHING:
        yield Rung.NEWEST, _from_newest


def _attempt(ask: Climb, name: str, step: Callable[[Climb], None]) -> None:
    """Run ``step`` in a savepoint; note the cause when it does not come to an end."""
    try:
        ask.deadline.check(name)
        with reading():
            step(ask)
    except DeadlinePassed:
        ask.causes.append(f"{name}:deadline")
    except ModelUnavailable as error:
        ask.causes.append(f"{name}:{error.cause}")
    except Exception:  # noqa: BLE001  the host's page comes first; it is logged and counted
        _complain(name)
        ask.causes.append(f"{name}:error")


def _complain(name: str) -> None:
    """Log the error in hand, at most once per `LOG_SECONDS` and step: a page asks many times."""
    now = monotonic()
    if now - _logged.get(name, -LOG_SECONDS) >= LOG_SECONDS:
        _logged[name] = now
        logger.exception("no answer from %s; the next rung answers", name)


def _open_model(ask: Climb) -> None:
    before = live.held_version(site=ask.site)
    ask.live = live.current(site=ask.site)
    if ask.live.version != before:  # opening happens once and is not part of the budget
        ask.deadline = Deadline(ask.budget_ms)


def _read_profile(ask: Climb) -> None:
    events = ask.live.published.history_limit if ask.live is not None else 0
    ask.profile = read_profile(request=ask.request, events=events)


def _read_basket(ask: Climb) -> None:
    ask.basket = tuple(ask.adapter.basket_keys(request=ask.request))


def _from_model(ask: Climb) -> None:
    """Ask the model, and once more for many where too many of its first were not available."""
    for count in (ask.enough, WIDER * ask.enough):
        if _proposed(ask, count) < count or ask.missing <= 0:
            return


def _proposed(ask: Climb, count: int) -> int:
    """Put what the model proposes on the slate; return how many it proposed."""
    assert ask.live is not None
    ask.deadline.check("ranking")
    proposal = candidates.propose(
        live=ask.live,
        placement=ask.placement,
        context=ask.context,
        profile=ask.profile,
        basket=ask.basket,
        excluded=ask.excluded,
        count=count,
    )
    ask.deadline.check("products")
    ids = {found.product_id for found in proposal.candidates}.union(proposal.named)
    products = shown_products(site_id=ask.site.pk, ids=ids)
    _settle(ask, proposal.candidates, products)
    if ask.items:
        ask.mode, ask.model_version = proposal.mode, ask.live.version
    return len(proposal.candidates)


def _from_sales(ask: Climb) -> None:
    rows = Bestseller.objects.filter(site=ask.site, product__in=Product.objects.live())
    ids = rows.order_by("rank").values_list("product_id", flat=True)
    _settle_ids(ask, ids, ReasonKind.BESTSELLER)


def _from_newest(ask: Climb) -> None:
    rows = Product.objects.for_site(ask.site).live().order_by("-created_at", "-pk")
    _settle_ids(ask, rows.values_list("pk", flat=True), ReasonKind.NEW)


def _settle_ids(ask: Climb, ids: QuerySet[Any, int], kind: ReasonKind) -> None:
    """Settle the first of ``ids``, enough of them to fill the slate."""
    first = list(ids[: ask.enough + len(ask.excluded)])
    found = [Candidate(product_id, 0.0, (), Reason(kind=kind)) for product_id in first]
    _settle(ask, found, shown_products(site_id=ask.site.pk, ids=first))


def _settle(ask: Climb, found: Iterable[Candidate], products: Mapping[int, ShownProduct]) -> None:
    """Put the candidates that may be shown and can be had on the slate, in their order."""
    excluded = ask.excluded
    open_ = [
        candidate
        for candidate in found
        if candidate.product_id in products
        and products[candidate.product_id].host_key not in excluded
    ]
    if not open_:
        return
    ask.deadline.check("offers")
    keys = [products[candidate.product_id].host_key for candidate in open_]
    offers = ask.adapter.offers(request=ask.request, keys=keys)
    for candidate, key in zip(open_, keys, strict=True):
        if ask.missing <= 0:
            break
        if (offer := offers.get(key)) is None or not offer.is_available:
            continue
        ask.offers[key] = offer
        ask.items.append(
            SlateItem(
                key=key,
                product_id=candidate.product_id,
                position=len(ask.items) + 1,
                score=candidate.score,
                parts=candidate.parts,
                reason=candidate.reason,
            )
        )
    ask.products.update((product.host_key, product) for product in products.values())
