"""The served scorer: candidates of four components, each scored by the mix.

For a shopper with history h, a product i has the score::

    p(i | h) = w_a softmax(state(h) . v_i / temperature) + w_t transition(i | h)
             + w_p popularity(i) + w_r repeat(i | h)

Every component is a distribution over the products that are not withheld (see `Meta.seen_filter`
and `Meta.fresh_window`), so the weights speak of shares. Products outside the union of candidates
are out of reach of every component, so the union answers what a full scoring would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from recommender.serving.bestsellers import PopularTable
from recommender.serving.encoder import Encoder
from recommender.serving.followers import FollowerTable
from recommender.serving.format import Meta
from recommender.serving.history import History, read_history
from recommender.serving.scan import Neighbors, ScannedScores, VectorScan
from recommender.serving.tally import Tally, tally

ATTENTION_CANDIDATES = 64
TRANSITION_CANDIDATES = 128
POPULAR_CANDIDATES = 128

Items = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


class Ranked(NamedTuple):
    """A ranked list, best first; fewer than k rows when fewer products are allowed.

    Attributes:
        items: int32[k], item indices.
        scores: float32[k], descending.
        parts: float32[k, 4], what attention, transitions, popularity and repeats contribute;
            rows sum to the score.
        sources: int32[k], position in the given history of the event whose transition contributed
            most; -1 where no transition contributed.
    """

    items: Items
    scores: Floats
    parts: Floats
    sources: Items


class Published:
    """A published model in memory. Made by `recommender.serving.folder.load`.

    Attributes:
        meta: what ``meta.json`` says.
        products: int64[n], mirror product ids; the row number is the item index.
    """

    def __init__(
        self,
        *,
        meta: Meta,
        products: Indices,
        popularity: npt.NDArray[np.float32],
        followers: FollowerTable,
        scan: VectorScan | None,
        encoder: Encoder | None,
        bands: npt.NDArray[np.uint8] | None = None,
    ) -> None:
        self.meta = meta
        self.products = products
        self._popular = PopularTable(popularity)
        self._followers = followers
        self._scan, self._encoder, self._bands = scan, encoder, bands
        self._id_order = np.argsort(products, kind="stable")
        self._ids = np.asarray(products)[self._id_order]

    @property
    def history_limit(self) -> int:
        """Events of a history worth passing to `rank`, the newest ones.

        Twice as many where dwell is read: it comes as an event beside the look it belongs to.
        """
        meta = self.meta
        repeats = meta.repeat_history if meta.weights.repeats > 0 else 0
        longest = max(meta.history, meta.transition_history, repeats)
        return 2 * longest if "dwell" in meta.inputs else longest

    def index_of(self, product_ids: npt.ArrayLike) -> Indices:
        """Return int64[m], the item index of each mirror product id; -1 where unknown."""
        wanted = np.asarray(product_ids, dtype=np.int64)
        place = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return np.where(self._ids[place] == wanted, self._id_order[place], -1)

    def rank(
        self,
        history_items: npt.ArrayLike,
        ages: npt.ArrayLike,
        *,
        k: int,
        weights: npt.ArrayLike | None = None,
        kinds: npt.ArrayLike | None = None,
        dwell: npt.ArrayLike | None = None,
        exclude: npt.ArrayLike | None = None,
        eligible: Mask | None = None,
    ) -> Ranked:
        """Rank products for a shopper by the mix.

        Args:
            history_items: int[h], item indices, oldest first; negative ones are passed over.
                h may be 0: popularity answers.
            ages: [h], seconds since each event, not negative, descending.
            k: products wanted.
            weights: float[h], weight of each event's kind; None means 1 each. An event of weight
                0 or less is passed over.
            kinds: int[h], code of each event's kind; None where they are not known.
            dwell: float[h], seconds of each event, see `recommender.serving.history.dwell_seconds`;
                None for 0 each.
            exclude: int[m], items never returned; negative ones are passed over.
            eligible: bool[n], items that may be returned; None means all.

        Raises:
            ValueError: lengths differ or an item index is not below n.
        """
        history = read_history(self.meta, history_items, ages, weights, kinds=kinds, dwell=dwell)
        if len(history.items) == 0:
            return self._rank_popular(k, self._allowed(exclude, eligible))
        mix, withheld = self.meta.weights, history.withheld
        refused = withheld
        if exclude is not None:
            refused = np.concatenate([withheld, _known(exclude)])
        transitions = self._followers.follow(history.items).without(withheld)
        marked = self._reachable(k, history, transitions, len(refused), eligible)
        attention = None
        if mix.attention > 0 and self._encoder is not None and self._scan is not None:
            attention = self._scan.scores(self._state(history))
            nearest = attention.top(max(ATTENTION_CANDIDATES, 2 * k) + len(refused), eligible)
            marked[nearest.items] = True
        marked[refused] = False
        if eligible is not None:
            marked &= eligible
        candidates = np.flatnonzero(marked)
        parts = np.zeros((len(candidates), 4), dtype=np.float32)
        if attention is not None:
            parts[:, 0] = mix.attention * _softmax(attention, nearest, candidates, withheld)
        parts[:, 1] = mix.transitions * transitions.odds(candidates)
        parts[:, 2] = mix.popularity * self._popular.odds(candidates, withheld)
        if mix.repeats > 0:
            repeats = self._repeats(history).without(withheld)
            parts[:, 3] = mix.repeats * repeats.odds(candidates)
        return self._answer(candidates, parts, k, history)

    def related(self, item: int, *, k: int, eligible: Mask | None = None) -> Ranked:
        """Rank products for the page of a product, with no history of a person.

        Products that followed this one in other histories come first, then those with the nearest
        vectors (cosine), then popular ones. Scores order this list and mean nothing beside others:
        the tier number plus a share of that tier's best.

        Raises:
            ValueError: ``item`` is not an index below n.
        """
        if not 0 <= item < self.meta.n:
            raise ValueError(f"item {item} is not an index below {self.meta.n}")
        allowed = self._allowed([item], eligible)
        tiers: list[tuple[int, Indices, Floats]] = []
        followed, shares = self._followers.row(item)
        tiers.append((1, followed.astype(np.int64), shares))
        if self._scan is not None and self.meta.d > 0:
            nearest = self._nearest(item, 2 * k, allowed)
            tiers.append((0, nearest.items, nearest.scores))
        popular = self._rank_popular(2 * k, allowed)
        tiers.append((2, popular.items.astype(np.int64), popular.scores))
        return self._by_tier(tiers, allowed, k)

    def popular(self, k: int, *, eligible: Mask | None = None) -> Ranked:
        """Rank products by recent popularity; scores are shares of all events."""
        return self._rank_popular(k, self._allowed(None, eligible))

    def _reachable(
        self,
        k: int,
        history: History,
        transitions: Tally,
        refused: int,
        eligible: Mask | None,
    ) -> Mask:
        """Return bool[n]: what transitions, popularity or repeats could lift into the list."""
        marked = np.zeros(self.meta.n, dtype=bool)
        if eligible is not None:
            transitions = transitions.without(transitions.items[~eligible[transitions.items]])
        marked[transitions.best(max(TRANSITION_CANDIDATES, 2 * k) + refused)] = True
        marked[self._popular.most(max(POPULAR_CANDIDATES, 2 * k) + refused, eligible)] = True
        if not self.meta.seen_filter:
            marked[history.items] = True
        return marked

    def _state(self, history: History) -> Floats:
        assert self._scan is not None
        assert self._encoder is not None
        newest = slice(-self.meta.history, None)
        recent, ages = history.items[newest], history.ages[newest]
        state = self._encoder.state(
            self._scan.gather(recent),
            ages - ages[-1],
            kinds=None if history.kinds is None else history.kinds[newest],
            dwell=None if history.dwell is None else history.dwell[newest],
            bands=None if self._bands is None else self._bands[recent],
        )
        return state / np.float32(self.meta.temperature)

    def _repeats(self, history: History) -> Tally:
        items = history.items[-self.meta.repeat_history :]
        ages = np.arange(len(items) - 1, -1, -1)
        decay = np.float32(self.meta.repeat_decay) ** ages
        return tally([items], [history.weights[-self.meta.repeat_history :] * decay])

    def _answer(self, candidates: Indices, parts: Floats, k: int, history: History) -> Ranked:
        scores = parts.sum(axis=1)
        if 4 * k < len(scores):
            floor = np.partition(scores, len(scores) - k)[len(scores) - k] if k else np.inf
            chosen = np.flatnonzero(scores >= floor)
            candidates, parts, scores = candidates[chosen], parts[chosen], scores[chosen]
        order = np.argsort(-scores, kind="stable")[:k]
        items = candidates[order].astype(np.int32)
        places = self._followers.sources(history.items, items)
        sources = np.where(places >= 0, history.positions[places], -1).astype(np.int32)
        return Ranked(items, scores[order], parts[order], sources)

    def _rank_popular(self, k: int, allowed: Mask | None) -> Ranked:
        items = self._popular.most(k, allowed).astype(np.int32)
        parts = np.zeros((len(items), 4), dtype=np.float32)
        parts[:, 2] = self._popular.shares[items]
        sources = np.full(len(items), -1, dtype=np.int32)
        return Ranked(items, parts[:, 2].copy(), parts, sources)

    def _allowed(self, exclude: npt.ArrayLike | None, eligible: Mask | None) -> Mask | None:
        if exclude is None:
            return eligible
        allowed = np.ones(self.meta.n, dtype=bool) if eligible is None else eligible.copy()
        allowed[_known(exclude)] = False
        return allowed

    def _nearest(self, item: int, count: int, allowed: Mask | None) -> Neighbors:
        """Return neighbors of an item, re-scored by cosine in [0, 1], best first."""
        assert self._scan is not None
        query = self._scan.gather(np.array([item]))[0]
        wide = max(2 * count, ATTENTION_CANDIDATES)
        found = self._scan.scores(query).top(wide, allowed).items
        near = self._scan.gather(found)
        lengths = np.linalg.norm(near, axis=1) * np.linalg.norm(query)
        cosine = np.clip(near @ query / np.maximum(lengths, 1e-6), 0, 1)
        order = np.argsort(-cosine, kind="stable")[:count]
        return Neighbors(found[order], cosine[order])

    def _by_tier(
        self,
        tiers: list[tuple[int, Indices, Floats]],
        allowed: Mask | None,
        k: int,
    ) -> Ranked:
        items: list[Indices] = []
        parts: list[Floats] = []
        taken: Indices = np.zeros(0, dtype=np.int64)
        for tier, (column, found, scores) in enumerate(tiers):
            fresh = ~np.isin(found, taken)
            if allowed is not None:
                fresh &= allowed[found]
            order = np.flatnonzero(fresh)[np.argsort(-scores[fresh], kind="stable")]
            order = order[: k - len(taken)]
            if len(order) == 0:
                continue
            block = np.zeros((len(order), 4), dtype=np.float32)
            peak = max(float(scores[order[0]]), 1e-12)
            block[:, column] = len(tiers) - 1 - tier + scores[order] / peak
            items.append(found[order])
            parts.append(block)
            taken = np.concatenate([taken, found[order]])
        ranked = np.concatenate(parts) if parts else np.zeros((0, 4), dtype=np.float32)
        sources = np.full(len(taken), -1, dtype=np.int32)
        return Ranked(taken.astype(np.int32), ranked.sum(axis=1), ranked, sources)


def _softmax(
    scores: ScannedScores, nearest: Neighbors, items: Indices, withheld: Indices
) -> Floats:
    """Return float32[m]: odds of ``items`` among the products that are not withheld."""
    level = np.float32(scores.log_normalizer(nearest))
    odds: Floats = np.exp(scores.of(items) - level)
    if len(withheld):
        lost = float(np.exp(scores.of(withheld) - level).sum())
        odds /= np.float32(max(1.0 - lost, 1e-6))
    return odds


def _known(items: npt.ArrayLike) -> Indices:
    """Return the items that are not negative, which stands for unknown."""
    found = np.asarray(items, dtype=np.int64).reshape(-1)
    return found[found >= 0]
