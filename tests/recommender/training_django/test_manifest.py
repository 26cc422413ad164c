"""A manifest holds what was permitted at its cut, and nobody's key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.contrib.sites.models import Site

from consent.ledger.append import subjects_of
from consent.purposes import Purpose
from consent.services import withdraw
from recommender.training.gates import permitted_gate
from recommender.training.manifest import build_manifest, read_people
from tests.recommender.training_django.conftest import PRODUCTS, Remember


def _now() -> datetime:
    return datetime.now(UTC)


def test_sequences_are_per_shopper_oldest_first(
    site: Site, remember: Remember, tmp_path: Path
) -> None:
    remember(3, length=5)

    manifest = build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    assert (manifest.meta.shoppers, manifest.meta.events, manifest.meta.products) == (
        3,
        15,
        PRODUCTS,
    )
    assert manifest.offsets.tolist() == [0, 5, 10, 15]
    for start in (0, 5, 10):
        times = manifest.times[start : start + 5].tolist()
        assert times == sorted(times)


def test_who_did_not_permit_training_is_absent(
    site: Site, remember: Remember, tmp_path: Path
) -> None:
    allowed = remember(2)
    remember(2, purposes=frozenset({Purpose.ANALYTICS, Purpose.RECS_PERSONAL}))

    manifest = build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    assert manifest.meta.shoppers == 2
    people = [person.subjects for person in read_people(tmp_path / "m")]
    assert sorted(people) == sorted(subjects_of(key) for key in allowed)


def test_who_withdrew_before_the_cut_is_absent(
    site: Site, remember: Remember, tmp_path: Path
) -> None:
    stays, leaves = remember(2)
    withdraw(shopper_id=leaves, purposes={Purpose.MODEL_TRAIN}, actor="shopper", source="test")

    build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    assert [person.subjects for person in read_people(tmp_path / "m")] == [subjects_of(stays)]


def test_no_file_holds_a_shoppers_key(site: Site, remember: Remember, tmp_path: Path) -> None:
    people = remember(3)

    build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    content = b"".join(path.read_bytes() for path in (tmp_path / "m").iterdir())
    for key in people:
        assert key.bytes not in content
        assert key.hex.encode() not in content
        assert str(key).encode() not in content


def test_the_ledger_tells_who_permitted_at_the_cut(site: Site, remember: Remember) -> None:
    stays, leaves = remember(2)
    people = [subjects_of(stays), subjects_of(leaves)]
    before = _now()
    withdraw(shopper_id=leaves, purposes={Purpose.MODEL_TRAIN}, actor="shopper", source="test")

    at_the_cut = permitted_gate(site=site, people=people, cut=before)
    afterwards = permitted_gate(site=site, people=people, cut=_now())

    assert (at_the_cut.passed, at_the_cut.value) == (True, 0.0)
    assert (afterwards.passed, afterwards.value) == (False, 1.0)


def test_somebody_the_ledger_never_met_fails_the_gate(site: Site) -> None:
    verdict = permitted_gate(site=site, people=[["f" * 64]], cut=_now())

    assert verdict.passed is False
