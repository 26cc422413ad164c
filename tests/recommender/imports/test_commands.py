from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.sites import site as admin_site
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from consent.ledger.models import Decision
from consent.people.models import Shopper
from recommender.catalog.models import Category, Product
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.imports.models import ImportRun, ImportSource

Write = Callable[..., Path]
SMALL = {"products": 120, "shoppers": 25, "days": 14}
DATA = Path(__file__).parents[4] / "shared" / "data" / "completejourney"


def _call(name: str, *args: str, **options: Any) -> str:
    """Run a command; imports state a legal basis unless the test says otherwise."""
    out = StringIO()
    if name == "import_dataset":
        options.setdefault("legal_basis", "contract")
    call_command(name, *args, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@pytest.mark.django_db
def test_simulate_fills_the_shop_and_repeats_without_a_change() -> None:
    told = _call("simulate", **SMALL)
    events = set(Event.rows.values_list("shopper_id", "id"))

    assert "120 new" in told
    assert "25 new" in told
    assert Product.objects.count() == 120
    assert Category.objects.filter(sensitive=True).count() == 1
    assert Shopper.objects.filter(is_imported=True).count() == 25
    assert {row.details["importer"] for row in Decision.objects.all()} == {"simulator"}
    assert Product.objects.filter(picture_url="").count() == 0

    again = _call("simulate", **SMALL)

    assert "0 new · 0 changed · 120 unchanged" in again
    assert set(Event.rows.values_list("shopper_id", "id")) == events
    assert ImportRun.objects.count() == 1


@pytest.mark.django_db
def test_another_seed_is_another_source() -> None:
    _call("simulate", **SMALL)
    _call("simulate", **SMALL, seed=2)

    assert ImportSource.objects.count() == 2
    assert Shopper.objects.count() == 50


@pytest.mark.django_db
def test_simulate_dry_run_writes_nothing() -> None:
    told = _call("simulate", **SMALL, dry_run=True)

    assert "nothing was written" in told
    assert Product.objects.count() == Shopper.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"products": 5}, "--products must be at least 100."),
        ({"shoppers": 0}, "--shoppers must be at least 1."),
        ({"site": 77}, "There is no site 77."),
    ],
)
def test_simulate_says_what_is_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        _call("simulate", **{**SMALL, **options})

    assert Product.objects.count() == 0


@pytest.mark.django_db
def test_import_dataset_reports_what_was_refused(grocery_folder: Path) -> None:
    told = _call("import_dataset", "completejourney", str(grocery_folder))

    assert "completejourney\n" in told
    assert "2 quantity or price is not positive (transactions.csv.gz:7, transactions.csv.gz:8)" in (
        told
    )
    assert "times     as in the source; the newest event is of 2017-01-04" in told


@pytest.mark.django_db
def test_import_dataset_says_what_is_wrong(
    tmp_path: Path, jsonl_file: Write, grocery_folder: Path
) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    cases = [
        (("completejourney", str(tmp_path / "nowhere")), "does not exist"),
        (("jsonl", str(tmp_path / "nowhere")), "does not exist"),
        (("jsonl", str(empty)), "is empty"),
        (("jsonl", str(grocery_folder / "products.csv.gz")), "does not begin with a header"),
        (("completejourney", str(empty)), "is not a folder"),
        (("parquet", str(tmp_path)), "invalid choice: 'parquet'"),
        (("completejourney", str(grocery_folder), "--limit", "0"), "--limit must be at least 1"),
    ]
    for args, message in cases:
        with pytest.raises(CommandError, match=message):
            _call("import_dataset", *args)

    assert ImportSource.objects.count() == Product.objects.count() == 0


@pytest.mark.django_db
def test_outside_debug_a_legal_basis_must_be_given(grocery_folder: Path, settings: Any) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="only with a legal basis"):
        _call("import_dataset", "completejourney", str(grocery_folder), legal_basis="")
    assert Shopper.objects.count() == Event.rows.count() == Product.objects.count() == 0

    _call("import_dataset", "completejourney", str(grocery_folder), legal_basis="contract")
    assert Shopper.objects.count() == 2


@pytest.mark.django_db
def test_a_set_without_a_clock_says_that_its_times_are_made_up(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt").write_text("ann 4 5\nbob 5\n")

    looked = _call("import_dataset", "beauty", str(tmp_path), dry_run=True)
    assert Event.rows.count() == Shopper.objects.count() == 0
    told = _call("import_dataset", "beauty", str(tmp_path), shift_to_now=True)
    again = _call("import_dataset", "beauty", str(tmp_path))

    made_up = "times     made up, for the source tells the order of events alone"
    assert f"{made_up}; the newest event is of 2020-01-01" in looked
    assert f"{made_up}, moved by +" in told
    assert "2 new · 0 known" in told
    assert "0 new · 3 known" in again
    assert Event.rows.count() == 3
    assert Shopper.objects.filter(is_imported=True).count() == Decision.objects.count() == 2
    assert list(Product.objects.order_by("host_key").values_list("title", flat=True)) == [
        "Item 4",
        "Item 5",
    ]
    assert ImportRun.objects.get().report["has_clock"] is False


@pytest.mark.django_db
def test_every_public_format_is_imported(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,"
        "user_session\n2019-10-01 00:00:00 UTC,cart,39,205,home.lamp,aqua,33.20,7,s1\n"
    )
    (tmp_path / "products.jsonl").write_text('{"id": 0, "title": "Ink"}\n')
    (tmp_path / "histories.jsonl").write_text('{"user": "A9", "items": [0]}\n')
    (tmp_path / "train_sessions.txt").write_text("3 4\n")
    (tmp_path / "train_input.txt").write_text("6 7\n")

    for name in ("rees46", "office-products", "sessions", "ml1m"):
        _call("import_dataset", name, str(tmp_path))

    assert dict(Event.rows.values_list("product__host_key", "kind")) == {
        "39": Kind.CART_ADD.code,
        "0": Kind.REVIEW.code,
        "3": Kind.VIEW.code,
        "4": Kind.VIEW.code,
        "6": Kind.RATING.code,
        "7": Kind.RATING.code,
    }
    assert set(Category.objects.values_list("host_key", flat=True)) == {"home", "home.lamp"}


@pytest.mark.django_db
@pytest.mark.skipif(not DATA.is_dir(), reason="shared/data/completejourney is not here")
def test_the_real_data_set_is_imported() -> None:
    told = _call("import_dataset", "completejourney", str(DATA), limit=400, shift_to_now=True)

    assert "moved by +" in told
    assert Event.rows.count() > 380
    assert Product.objects.count() > 350


@pytest.mark.django_db
def test_the_admin_shows_imports_and_lets_nobody_edit(
    admin_client: Client, grocery_folder: Path
) -> None:
    _call("import_dataset", "completejourney", str(grocery_folder))
    run = ImportRun.objects.get()

    listed = admin_client.get("/admin/attention_recommender/importrun/")
    shown = admin_client.get(f"/admin/attention_recommender/importrun/{run.pk}/change/")

    assert listed.status_code == shown.status_code == 200
    assert "quantity or price is not positive" in shown.content.decode()
    assert admin_site.is_registered(ImportSource)
    added = admin_client.get("/admin/attention_recommender/importrun/add/")
    assert added.status_code == 403


@pytest.mark.django_db
def test_sites_without_pictures_get_none(
    grocery_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recommender.imports import terminal

    monkeypatch.setattr(terminal, "PROBE", "nowhere.svg")

    _call("import_dataset", "completejourney", str(grocery_folder))

    assert set(Product.objects.values_list("picture_url", flat=True)) == {""}
    assert Site.objects.count() == 1
