"""Training and serving read the same raw events as the same arrays."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommender.attention.config import NetworkConfig
from recommender.attention.dataset import last_windows
from recommender.events.kinds import DEFAULT_WEIGHTS, Kind
from recommender.serving.history import dwell_seconds, read_history
from recommender.training.arrays import write_manifest
from recommender.training.protocol import FRESH_WINDOW, prepare
from tests.recommender.synthetic import DAY, meta

N, KINDS, HISTORY = 4, 16, 5
WEIGHTS = {kind.code: weight for kind, weight in DEFAULT_WEIGHTS.items()} | {Kind.DWELL.code: 0.5}

EVENTS = st.lists(
    st.tuples(
        st.integers(0, N - 1),
        st.sampled_from(list(Kind)),
        st.integers(0, 200_000),
        st.integers(0, DAY),
    ),
    min_size=1,
    max_size=30,
)


@given(events=EVENTS, wait=st.integers(0, DAY))
def test_the_newest_window_is_the_same_from_a_manifest_and_from_a_live_history(
    events: list[tuple[int, Kind, int, int]], wait: int
) -> None:
    items = np.array([item for item, *_ in events])
    kinds = np.array([kind.code for _, kind, *_ in events], dtype=np.uint8)
    values = np.array([value for _, _, value, _ in events])
    times = np.cumsum([gap for *_, gap in events])
    # given the events in a manifest
    with TemporaryDirectory() as folder:
        manifest = write_manifest(
            Path(folder),
            site=1,
            cut="",
            consent_digest="",
            products=np.arange(N),
            offsets=[0, len(items)],
            items=items,
            times=times,
            kinds=kinds,
            values=values,
            kind_weights=WEIGHTS,
        )
    trained = prepare(manifest).events
    config = NetworkConfig(n=N, history=HISTORY, kinds=KINDS, dwell=True)
    # when the same events are a live history, some time after the last
    served = read_history(
        meta(
            n=N,
            inputs=config.inputs,
            kinds=KINDS,
            history=HISTORY,
            transition_history=HISTORY,
            repeat_history=HISTORY,
            fresh_window=FRESH_WINDOW,
        ),
        items,
        times[-1] + wait - times,
        np.array([WEIGHTS[code] for code in kinds.tolist()]),
        kinds=kinds,
        dwell=dwell_seconds(kinds, values),
    )
    # then the network is shown the same
    if len(trained.offsets) == 1:
        assert len(served.items) == 0
        return
    read = last_windows(trained, config, np.array([0]))
    assert read.items[0].tolist() == served.items.tolist()
    assert read.ages[0].tolist() == (served.ages - served.ages[-1]).tolist()
    assert read.kinds is not None
    assert served.kinds is not None
    assert read.kinds[0].tolist() == served.kinds.tolist()
    assert read.dwell is not None
    assert served.dwell is not None
    assert read.dwell[0].tolist() == served.dwell.tolist()
