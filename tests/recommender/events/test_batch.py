"""Whatever bytes arrive, reading them ends in facts, refusals or one clear error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.events import identifiers
from recommender.events.batch import BatchError, Refused, read_batch
from recommender.events.door.facts import Fact
from recommender.events.kinds import BROWSER_KINDS, Kind
from recommender.events.records import Cause

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4
        )
    ),
    max_leaves=12,
)
field_names = st.sampled_from(
    ["id", "kind", "product", "category", "placement", "slate", "position", "value", "occurred_at"]
)
near_events = st.dictionaries(field_names, json_values, max_size=9)


def id_at(moment: datetime, name: str = "x") -> str:
    return str(identifiers.derived(milliseconds=identifiers.to_milliseconds(moment), parts=(name,)))


def read(*events: Any) -> list[Fact | Refused]:
    return read_batch(json.dumps({"v": 1, "events": events}).encode(), now=NOW).events


def refusal_of(body: bytes) -> BatchError | None:
    try:
        read_batch(body, now=NOW)
    except BatchError as error:
        return error
    return None


@given(st.binary(max_size=400))
def test_any_bytes_are_a_batch_or_a_clear_error(body: bytes) -> None:
    refusal = refusal_of(body)

    assert refusal is None or (refusal.status == 400 and refusal.detail)


@given(json_values)
def test_any_json_is_a_batch_or_a_clear_error(value: Any) -> None:
    refusal = refusal_of(json.dumps(value).encode())

    assert refusal is None or (refusal.status == 400 and refusal.detail)


@given(st.lists(near_events | json_values, max_size=5))
def test_any_events_get_one_answer_each_in_order(events: list[Any]) -> None:
    answers = read(*events)

    assert len(answers) == len(events)
    for sent, answer in zip(events, answers, strict=True):
        if isinstance(answer, Fact):
            assert sent["id"] == str(answer.event_id)
        else:
            assert isinstance(answer.cause, Cause)


@given(
    st.sampled_from(sorted(BROWSER_KINDS)),
    st.timedeltas(timedelta(hours=-24), timedelta(minutes=5)),
    st.integers(0, 1000),
)
def test_every_moment_of_the_window_is_taken(kind: str, offset: timedelta, value: int) -> None:
    moment = NOW + offset
    stated = identifiers.to_milliseconds(moment)

    (fact,) = read({"id": id_at(moment), "kind": kind, "product": "p", "occurred_at": stated})

    assert isinstance(fact, Fact)
    assert abs(fact.occurred_at - moment) < timedelta(milliseconds=2)


@pytest.mark.parametrize(
    "offset", [timedelta(hours=-24, seconds=-1), timedelta(minutes=5, seconds=1), timedelta(999)]
)
def test_moments_outside_the_window_are_refused(offset: timedelta) -> None:
    (answer,) = read({"id": id_at(NOW + offset), "kind": "view"})

    assert isinstance(answer, Refused)
    assert answer.cause is Cause.BAD_TIME


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.largest_value])
def test_values_end_where_the_kind_says(kind: Kind) -> None:
    largest = kind.largest_value
    assert largest is not None
    if kind not in BROWSER_KINDS:
        return
    sent = [
        {"id": id_at(NOW), "kind": kind, "product": "p", "value": v} for v in (largest, largest + 1)
    ]

    inside, outside = read(*sent)

    assert isinstance(inside, Fact)
    assert isinstance(outside, Refused)


@given(st.integers(0, 2**48 - 1), st.text(max_size=30))
def test_derived_ids_are_stable_ordered_uuid7(milliseconds: int, name: str) -> None:
    first = identifiers.derived(milliseconds=milliseconds, parts=("a", name))

    assert first == identifiers.derived(milliseconds=milliseconds, parts=("a", name))
    assert first != identifiers.derived(milliseconds=milliseconds, parts=("b", name))
    assert identifiers.is_event_id(first)
    assert identifiers.milliseconds_of(first) == milliseconds
    assert identifiers.parse(str(first)) == first


@given(st.text(max_size=40))
def test_parsing_an_id_never_fails(text: str) -> None:
    parsed = identifiers.parse(text)

    assert parsed is None or str(parsed) == text.lower()


def test_minted_ids_grow() -> None:
    minted = [identifiers.mint() for _ in range(1000)]

    assert minted == sorted(minted)
    assert len(set(minted)) == 1000
