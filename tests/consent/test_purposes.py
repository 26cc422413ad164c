from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from consent.purposes import (
    BANNER_PURPOSES,
    GPC_BLOCKED,
    OPTIONAL_PURPOSES,
    Purpose,
    from_mask,
    to_mask,
)


@given(st.frozensets(st.sampled_from(list(Purpose))))
def test_a_mask_gives_back_the_same_purposes(purposes: frozenset[Purpose]) -> None:
    assert from_mask(to_mask(purposes)) == purposes


def test_stored_bits_never_change() -> None:
    assert {purpose.value: purpose.bit for purpose in Purpose} == {
        "necessary": 1,
        "analytics": 2,
        "recs.personal": 4,
        "model.train": 8,
        "ads.personal": 16,
        "ads.measure": 32,
        "model.share": 64,
        "experiment": 128,
        "marketing.mail": 256,
    }


def test_accept_names_three_purposes_and_none_that_gpc_blocks() -> None:
    assert {p.value for p in BANNER_PURPOSES} == {"analytics", "recs.personal", "model.train"}
    assert {p.value for p in GPC_BLOCKED} == {"ads.personal", "ads.measure", "model.share"}
    assert not BANNER_PURPOSES & GPC_BLOCKED
    assert Purpose.NECESSARY not in OPTIONAL_PURPOSES


def test_every_purpose_explains_itself() -> None:
    for purpose in Purpose:
        assert str(purpose.title)
        assert str(purpose.explanation).endswith(".")


def test_unknown_bits_are_ignored() -> None:
    assert from_mask(1 << 40) == frozenset()
