"""Who answers when the model cannot: every rung, every cause, the deadline, and never a 500."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.utils import timezone
from pytest_django import Settings

from recommender.catalog.models import Category, Product
from recommender.catalog.records import SoldUnits
from recommender.events.kinds import Kind
from recommender.serving import candidates, counts, live
from recommender.serving.deadline import Deadline, DeadlinePassed
from recommender.serving.models import Bestseller, Fallback, Placement
from recommender.serving.services import refresh_bestsellers
from recommender.serving.slate import Mode, ReasonKind, Rung
from recommender.training.selectors import folder_path
from tests.recommender.serving_django.conftest import Ask, Publish, keys_of

Person = Callable[..., HttpRequest]


def test_without_a_model_the_best_sellers_answer(
    products: list[Product], site: Site, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    host.sold = [SoldUnits(key="p3", units=5), SoldUnits(key="p1", units=9)]
    assert refresh_bestsellers(site=site) == 2

    slate = ask(anybody, size=2)

    assert (slate.rung, slate.cause) == (Rung.POPULAR, "model:no_model")
    assert keys_of(slate) == ["p1", "p3"]
    assert {item.reason.kind for item in slate.items} == {ReasonKind.BESTSELLER}
    assert slate.model_version == ""


def test_without_sales_the_newest_products_answer(
    products: list[Product], ask: Ask, anybody: HttpRequest
) -> None:
    slate = ask(anybody, size=3)

    assert slate.rung is Rung.NEWEST
    assert keys_of(slate) == ["p9", "p8", "p7"]
    assert {item.reason.kind for item in slate.items} == {ReasonKind.NEW}
    assert slate.heading == "New in this shop"


def test_an_empty_catalog_gives_an_empty_slate(site: Site, ask: Ask, anybody: HttpRequest) -> None:
    slate = ask(anybody)

    assert (slate.rung, slate.items) == (Rung.EMPTY, ())
    assert not slate


def test_the_page_of_the_only_product_shows_nothing(
    site: Site, category: Category, ask: Ask, anybody: HttpRequest
) -> None:
    moment = timezone.now()
    Product.objects.create(
        site=site, host_key="one", title="One", created_at=moment, updated_at=moment
    )

    slates = [ask(anybody, "product", product="one"), ask(anybody, "home")]

    assert [keys_of(slate) for slate in slates] == [[], ["one"]]


def test_a_missing_folder_is_counted_and_left_alone_for_a_while(
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = publish()
    shutil.rmtree(folder_path(version))
    opened: list[Path] = []
    load = live.load
    monkeypatch.setattr(live, "load", lambda folder: opened.append(folder) or load(folder))

    slates = [ask(anybody) for _ in range(5)]

    assert {slate.cause for slate in slates} == {"model:model_missing"}
    assert {slate.rung for slate in slates} == {Rung.NEWEST}
    assert len(opened) == 1


def test_a_corrupt_folder_is_never_served_and_a_good_one_is_at_once(
    publish: Publish, ask: Ask, anybody: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    broken = publish("b" * 64)
    with (folder_path(broken) / "popular.npy").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x7f")
    first = ask(anybody)

    publish("c" * 64)
    second = ask(anybody)

    assert (first.rung, first.cause) == (Rung.NEWEST, "model:model_corrupt")
    assert (second.rung, second.model_version) == (Rung.MODEL, "c" * 64)


def test_a_new_folder_that_cannot_be_opened_leaves_the_model_before_it_answering(
    publish: Publish, ask: Ask, anybody: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    publish("b" * 64)
    ask(anybody)

    shutil.rmtree(folder_path(publish("c" * 64)))
    slate = ask(anybody)

    assert (slate.rung, slate.model_version) == (Rung.MODEL, "b" * 64)


def test_the_pause_before_a_broken_folder_is_tried_again_grows(
    publish: Publish, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish()
    shutil.rmtree(folder_path(version))
    clock = [1_000.0]
    monkeypatch.setattr(live, "monotonic", lambda: clock[0])
    tries: list[float] = []
    load = live.load
    monkeypatch.setattr(live, "load", lambda folder: tries.append(clock[0]) or load(folder))

    for _ in range(100):
        with pytest.raises(live.ModelUnavailable):
            live.current(site=site)
        clock[0] += 1.0

    assert tries == [1_000.0, 1_015.0, 1_045.0]


def test_a_retired_pointer_ends_the_model_in_this_process(
    publish: Publish, ask: Ask, anybody: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    version = publish()
    assert ask(anybody).rung is Rung.MODEL

    version.delete()

    assert ask(anybody).cause == "model:no_model"


def test_a_late_model_gives_way_and_the_page_is_answered(
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    ask(anybody)
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, "SLATE_BUDGET_MS": 60}
    propose = candidates.propose

    def slow(**asked: object) -> candidates.Proposal:
        time.sleep(0.08)
        return propose(**asked)  # type: ignore[arg-type]

    monkeypatch.setattr(candidates, "propose", slow)

    slate = ask(anybody)

    assert (slate.rung, slate.cause) == (Rung.NEWEST, "model:deadline")
    assert len(slate.items) == 8


def test_a_deadline_passes_once_its_budget_is_spent() -> None:
    now = [0.0]
    deadline = Deadline(50, clock=lambda: now[0])

    now[0] = 0.049
    deadline.check("ranking")
    assert deadline.left_ms == pytest.approx(1.0)
    now[0] = 0.050

    with pytest.raises(DeadlinePassed, match="No time left for ranking"):
        deadline.check("ranking")
    assert deadline.left_ms == 0.0


def test_an_error_in_the_ranker_is_the_next_rung(
    publish: Publish, ask: Ask, anybody: HttpRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()

    def broken(**asked: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr(candidates, "propose", broken)

    slate = ask(anybody)

    assert (slate.rung, slate.cause) == (Rung.NEWEST, "model:error")


def test_a_host_that_cannot_price_gets_an_empty_slate(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.failing = {"offers": RuntimeError("the host is down")}

    slate = ask(anybody)

    assert slate.rung is Rung.EMPTY
    assert slate.cause.startswith("model:error")


def test_a_history_that_cannot_be_read_is_answered_without_it(
    publish: Publish, ask: Ask, remembered: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    request = remembered((Kind.VIEW, "p0"))

    def broken(**asked: object) -> None:
        raise RuntimeError("not today")

    monkeypatch.setattr("recommender.serving.profile.recent_history", broken)

    slate = ask(request)

    assert (slate.mode, slate.rung, slate.cause) == (
        Mode.CONTEXTUAL,
        Rung.MODEL,
        "profile:error",
    )


def test_what_is_not_available_is_replaced(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    host.sold_out = {"p8", "p5"}

    slate = ask(anybody, size=3)

    assert keys_of(slate) == ["p9", "p6", "p7"]
    assert [item.position for item in slate.items] == [1, 2, 3]


def test_a_model_whose_first_products_are_all_sold_out_is_asked_for_more(
    publish: Publish, ask: Ask, anybody: HttpRequest, host: type
) -> None:
    publish()
    first = keys_of(ask(anybody, size=10))
    host.sold_out = set(first[:7])
    host.calls.clear()

    slate = ask(anybody, size=2)

    assert keys_of(slate) == first[7:9]
    assert (slate.rung, slate.cause) == (Rung.MODEL, "")
    asked = [len(keys) for name, keys in host.calls if name == "offers"]
    assert asked == [6, 10]


def test_a_short_model_is_filled_up_by_the_next_rung(
    publish: Publish, site: Site, category: Category, ask: Ask, anybody: HttpRequest
) -> None:
    publish()
    moment = timezone.now()
    for number in range(3):
        Product.objects.create(
            site=site,
            host_key=f"n{number}",
            title="New",
            category=category,
            created_at=moment + timedelta(seconds=number),
            updated_at=moment,
        )

    slate = ask(anybody, size=12)

    assert slate.rung is Rung.MODEL
    assert set(keys_of(slate)[:10]) == {f"p{number}" for number in range(10)}
    assert keys_of(slate)[10:] == ["n2", "n1"]
    assert slate.items[10].reason.kind is ReasonKind.NEW


@pytest.mark.parametrize(
    ("fallback", "rung"), [(Fallback.NEWEST, Rung.NEWEST), (Fallback.NOTHING, Rung.EMPTY)]
)
def test_a_placement_says_what_answers_in_place_of_the_model(
    fallback: Fallback,
    rung: Rung,
    products: list[Product],
    site: Site,
    ask: Ask,
    anybody: HttpRequest,
) -> None:
    Placement.objects.filter(name="home").update(fallback=fallback)
    Bestseller.objects.create(
        site=site, product=products[0], rank=1, units=1, computed_at=timezone.now()
    )

    assert ask(anybody).rung is rung


def test_a_disabled_placement_is_empty(publish: Publish, ask: Ask, anybody: HttpRequest) -> None:
    publish()
    Placement.objects.filter(name="home").update(is_enabled=False)

    slate = ask(anybody)

    assert (slate.rung, slate.cause) == (Rung.EMPTY, "disabled")


def test_every_answer_is_counted_by_rung_and_cause(
    products: list[Product], ask: Ask, anybody: HttpRequest, publish: Publish
) -> None:
    ask(anybody)
    ask(anybody)
    live.forget()
    publish()
    ask(anybody)

    assert counts.gathered() == {
        (1, "home", "contextual", "newest", "model:no_model"): 2,
        (1, "home", "contextual", "model", ""): 1,
    }


def test_ranking_best_sellers_twice_changes_nothing(
    products: list[Product], site: Site, host: type
) -> None:
    host.sold = [
        SoldUnits(key="p1", units=2),
        SoldUnits(key="p2", units=0),
        SoldUnits(key="unknown", units=50),
        SoldUnits(key="p1", units=1),
    ]

    assert [refresh_bestsellers(site=site) for _ in range(2)] == [1, 1]
    assert list(Bestseller.objects.values_list("rank", "product__host_key", "units")) == [
        (1, "p1", 3)
    ]


@pytest.mark.django_db(transaction=True)
def test_warming_opens_the_model_before_anybody_asks(
    publish: Publish, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = publish()

    assert live.warm() == 1
    assert live.held_version(site=site) == version.version

    live.forget()
    version.delete()
    assert live.warm() == 0


def test_opening_a_model_is_not_part_of_the_budget(
    publish: Publish,
    ask: Ask,
    anybody: HttpRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish()
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, "SLATE_BUDGET_MS": 2_000}
    load = live.load

    def slow(folder: Path) -> object:
        time.sleep(2.1)
        return load(folder)

    monkeypatch.setattr(live, "load", slow)

    assert ask(anybody).rung is Rung.MODEL
