"""A manifest holds what was permitted at its cut, and nobody's key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.contrib.sites.models import Site

from consent.ledger.append import subjects_of
from consent.purposes import Purpose
from consent.services import withdraw
from recommender.catalog.models import Category, Product
from recommender.catalog.records import CategoryRecord, ProductRecord
from recommender.catalog.services import mirror_products
from recommender.training.attributes import read_attributes
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


def test_it_says_what_every_product_is(site: Site, tmp_path: Path) -> None:
    tea = CategoryRecord(key="tea", name="Tea", parent_key="food")
    mirror_products(
        site=site,
        records=[
            ProductRecord(
                key="root", title="Bread", category=CategoryRecord(key="food", name="Food")
            ),
            ProductRecord(
                key="leaf",
                title="Sencha",
                text="From the shade.",
                category=tea,
                brand="Leaf",
                price_micros=5_000_000,
                currency="EUR",
                tags=("green",),
                rating=4.5,
            ),
            ProductRecord(
                key="secret",
                title="Withheld",
                category=CategoryRecord(key="pharmacy", name="Pharmacy", sensitive=True),
            ),
        ],
    )

    manifest = build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    found = read_attributes(tmp_path / "m", manifest)
    assert found is not None
    product = Product.objects.get(host_key="leaf")
    item = manifest.products.tolist().index(product.pk)
    path = found.categories[found.category_offsets[item] : found.category_offsets[item + 1]]
    tags = found.tags[found.tag_offsets[item] : found.tag_offsets[item + 1]]
    assert [found.labels[label] for label in path] == ["Food", "Tea"]
    assert [found.labels[label] for label in tags] == ["green"]
    assert found.labels[found.brands[item]] == "Leaf"
    assert found.labels[found.currencies[item]] == "EUR"
    assert (found.prices[item], found.ratings[item]) == (5_000_000, 4.5)
    assert found.texts[item] == "Sencha\nFrom the shade."
    assert found.cleaned == {}
    assert Product.objects.filter(host_key="secret").exists()
    assert not any("Withheld" in text or "Pharmacy" in text for text in found.texts)
    assert "Pharmacy" not in found.labels


def test_categories_in_a_circle_do_not_stop_it(site: Site, tmp_path: Path) -> None:
    mirror_products(
        site=site,
        records=[
            ProductRecord(key="a", title="A", category=CategoryRecord(key="one", name="One")),
            ProductRecord(
                key="b", title="B", category=CategoryRecord(key="two", name="Two", parent_key="one")
            ),
        ],
    )
    two = Category.objects.get(host_key="two")
    Category.objects.filter(host_key="one").update(parent=two)

    manifest = build_manifest(site=site, cut=_now(), folder=tmp_path / "m")

    found = read_attributes(tmp_path / "m", manifest)
    assert found is not None
    last = found.categories[found.category_offsets[-2] :]
    assert [found.labels[label] for label in last] == ["One", "Two"]


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
