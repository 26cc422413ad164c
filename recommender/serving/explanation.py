"""Why a product is on a slate: the claim the numbers bear out, and its words.

The score of an item is the sum of four parts (attention, transitions, popularity, repeats). The
reason is the part that contributed most to this item, and names a product only when the model's
own arithmetic points to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from recommender.events.kinds import Kind
from recommender.serving.cards import ShownProduct
from recommender.serving.profile import Encounter
from recommender.serving.recall import Ranked
from recommender.serving.slate import Mode, Reason, ReasonKind, Rung

ATTENTION, TRANSITIONS, POPULARITY, REPEATS = range(4)
VIEWING = frozenset({Kind.VIEW, Kind.CLICK, Kind.DWELL})

POPULAR = Reason(kind=ReasonKind.POPULAR)


def own_reasons(
    ranked: Ranked,
    *,
    encounters: Sequence[Encounter],
    items: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    history: int,
) -> list[Reason]:
    """One reason for each item ranked for a person.

    Args:
        ranked: parts and sources; a source is a position in ``encounters``.
        encounters: the history that was passed to the ranker, oldest first.
        items: item index of each encounter; negative ones were passed over.
        weights: weight of each encounter; those of 0 or less were passed over.
        history: newest events that the encoder reads.
    """
    used = np.flatnonzero((items >= 0) & (weights > 0))
    recent = [encounters[place] for place in used[-history:].tolist()] if history else []
    chosen = Reason(
        kind=ReasonKind.HISTORY,
        action=Kind.VIEW.value if all(e.kind in VIEWING for e in recent) else "",
        count=len({encounter.key for encounter in recent}),
    )
    bought = {int(items[place]) for place in used.tolist() if encounters[place].kind == Kind.ORDER}
    reasons = []
    rows = zip(ranked.items.tolist(), _largest(ranked), ranked.sources.tolist(), strict=True)
    for item, part, source in rows:
        if part == TRANSITIONS:
            reasons.append(_follows(encounters, source))
        elif part == REPEATS:
            kind = ReasonKind.BOUGHT_BEFORE if item in bought else ReasonKind.SEEN_BEFORE
            reasons.append(Reason(kind=kind))
        else:
            reasons.append(chosen if part == ATTENTION else POPULAR)
    return reasons


def page_reasons(ranked: Ranked, *, product: str) -> list[Reason]:
    """One reason for each item ranked for the page of ``product``."""
    claims = {
        ATTENTION: Reason(kind=ReasonKind.SIMILAR, source=product),
        TRANSITIONS: Reason(kind=ReasonKind.GOES_WITH, source=product),
    }
    return [claims.get(part, POPULAR) for part in _largest(ranked)]


def basket_reasons(ranked: Ranked, *, basket: Sequence[str]) -> list[Reason]:
    """One reason for each item ranked for a basket; a source is a position in ``basket``."""
    reasons = []
    for part, source in zip(_largest(ranked), ranked.sources.tolist(), strict=True):
        if part == TRANSITIONS and source >= 0:
            reasons.append(Reason(kind=ReasonKind.GOES_WITH_BASKET, source=basket[source]))
        else:
            reasons.append(POPULAR if part == POPULARITY else Reason(kind=ReasonKind.BASKET))
    return reasons


def text(reason: Reason, products: Mapping[str, ShownProduct]) -> str:
    """The words of ``reason`` in the active language; plain text, to be escaped in HTML.

    Args:
        reason: the claim.
        products: the slate's products by key; one that is absent is not named.
    """
    source = products.get(reason.source)
    title = source.title if source is not None else ""
    if reason.kind is ReasonKind.FOLLOWS:
        return _follows_text(reason.action, title)
    if reason.kind is ReasonKind.HISTORY:
        return _history_text(reason)
    if title and reason.kind in _NAMED:
        return _NAMED[reason.kind]() % {"title": title}
    return _PLAIN[reason.kind]()


def _largest(ranked: Ranked) -> list[int]:
    """The part that contributes most, for each item."""
    parts: list[int] = np.argmax(ranked.parts, axis=1).tolist() if len(ranked.items) else []
    return parts


def _follows(encounters: Sequence[Encounter], source: int) -> Reason:
    if source < 0:
        return Reason(kind=ReasonKind.FOLLOWS)
    met = encounters[source]
    return Reason(kind=ReasonKind.FOLLOWS, source=met.key, action=met.kind.value)


def _follows_text(action: str, title: str) -> str:
    if not title:
        return _("Often follows what you looked at")
    if action == Kind.ORDER:
        return _("Often follows %(title)s, which you bought") % {"title": title}
    if action == Kind.CART_ADD:
        return _("Often follows %(title)s, which you put in your basket") % {"title": title}
    if action == Kind.FAVORITE:
        return _("Often follows %(title)s, one of your favorites") % {"title": title}
    if action in VIEWING:
        return _("Often follows %(title)s, which you viewed") % {"title": title}
    return _("Often follows %(title)s") % {"title": title}


def _history_text(reason: Reason) -> str:
    if reason.action == Kind.VIEW:
        return ngettext(
            "Chosen from the last product you viewed",
            "Chosen from the last %(count)d products you viewed",
            reason.count,
        ) % {"count": reason.count}
    return ngettext(
        "Chosen from what you did here with %(count)d product",
        "Chosen from what you did here with your last %(count)d products",
        reason.count,
    ) % {"count": reason.count}


_NAMED = {
    ReasonKind.GOES_WITH: lambda: _("Goes with %(title)s"),
    ReasonKind.GOES_WITH_BASKET: lambda: _("Goes with %(title)s in your basket"),
    ReasonKind.SIMILAR: lambda: _("Similar to %(title)s"),
}
_PLAIN = {
    ReasonKind.GOES_WITH: lambda: _("Goes with this product"),
    ReasonKind.GOES_WITH_BASKET: lambda: _("Goes with your basket"),
    ReasonKind.SIMILAR: lambda: _("Similar to this product"),
    ReasonKind.BASKET: lambda: _("Chosen from what is in your basket"),
    ReasonKind.BOUGHT_BEFORE: lambda: _("You bought this before"),
    ReasonKind.SEEN_BEFORE: lambda: _("You looked at this before"),
    ReasonKind.POPULAR: lambda: _("Popular in this shop"),
    ReasonKind.BESTSELLER: lambda: _("Among the best sold of the last weeks"),
    ReasonKind.NEW: lambda: _("New in this shop"),
}


def mode_text(mode: Mode) -> str:
    """Whose behavior ranked a slate, in the words a visitor reads."""
    if mode is Mode.PERSONAL:
        return _("Ranked by what you did in this shop, because you allowed it.")
    if mode is Mode.VISIT:
        return _("Ranked by the products you viewed in this visit. The shop stores none of it.")
    return _("Not ranked by your history.")


def rung_text(rung: Rung) -> str:
    """Who answered, in the words a visitor reads."""
    if rung is Rung.MODEL:
        return _("The shop's own recommendation model answered.")
    if rung is Rung.POPULAR:
        return _("The best sold products of the last weeks; no model was used.")
    return _("The newest products; no model was used.")
