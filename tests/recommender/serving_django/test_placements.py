"""Placements: their defaults, their rows, and the counts of what they answered."""

from __future__ import annotations

import pytest
from django.contrib.admin.sites import site as admin_site
from django.contrib.sites.models import Site
from django.core.management import call_command
from django.db import DatabaseError
from django.http import HttpRequest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from recommender.serving import counts, placements
from recommender.serving.models import Bestseller, Placement, SlateCount
from recommender.serving.slate import Mode, Rung
from tests.recommender.serving_django.conftest import Ask, Publish


def test_migrating_makes_the_default_placements_once(site: Site) -> None:
    names = set(Placement.objects.filter(site=site).values_list("name", flat=True))
    assert names == {"home", "product", "basket", "category", "search"}

    Placement.objects.filter(name="home").update(size=3)
    Placement.objects.filter(name="search").delete()
    call_command("migrate", verbosity=0)

    assert Placement.objects.filter(site=site).count() == 5
    assert Placement.objects.get(site=site, name="home").size == 3


def test_a_site_made_later_answers_with_the_defaults(db: None) -> None:
    other = Site.objects.create(domain="other.example", name="Other")

    assert placements.find(site=other, name="home").size == 8
    with pytest.raises(placements.UnknownPlacement, match="There is no placement named 'attic'"):
        placements.find(site=other, name="attic")


def test_a_placement_changed_in_the_admin_counts_at_once(site: Site) -> None:
    assert placements.find(site=site, name="home").size == 8

    row = Placement.objects.get(site=site, name="home")
    row.size = 3
    row.save()

    assert placements.find(site=site, name="home").size == 3


def test_placements_are_read_once_in_a_while(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        for name in ("home", "product", "home"):
            placements.find(site=site, name=name)


def test_a_shop_may_word_its_own_heading(publish: Publish, ask: Ask, anybody: HttpRequest) -> None:
    publish()
    Placement.objects.filter(name="home").update(title="Our picks")

    assert ask(anybody).heading == "Our picks"


def test_counts_add_up_over_flushes(site: Site) -> None:
    for _ in range(3):
        counts.add(site_id=1, placement="home", mode=Mode.CONTEXTUAL, rung=Rung.MODEL)
    counts.add(site_id=1, placement="home", mode=Mode.CONTEXTUAL, rung=Rung.EMPTY, cause="x" * 99)

    assert counts.flush() == 4
    counts.add(site_id=1, placement="home", mode=Mode.CONTEXTUAL, rung=Rung.MODEL)
    assert counts.flush() == 1
    assert counts.flush() == 0

    rows = SlateCount.objects.order_by("rung").values_list("rung", "cause", "slates")
    assert list(rows) == [("empty", "x" * 60, 1), ("model", "", 4)]


def test_counts_that_cannot_be_written_are_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts.add(site_id=1, placement="home", mode=Mode.CONTEXTUAL, rung=Rung.MODEL)

    def failing(*args: object) -> None:
        raise DatabaseError("locked")

    with monkeypatch.context() as patched:
        patched.setattr(counts, "_write", failing)
        assert counts.flush() == 0

    assert counts.flush() == 1


def test_counts_are_written_after_a_while_and_not_before(
    site: Site, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/attention/slots/home/")
    assert SlateCount.objects.count() == 0

    monkeypatch.setattr(counts, "FLUSH_SECONDS", 0.0)
    client.get("/attention/slots/home/")

    assert SlateCount.objects.get().slates == 2


@pytest.mark.parametrize("model", [Placement, Bestseller, SlateCount])
def test_every_model_has_its_page_in_the_admin(
    model: type, publish: Publish, admin_client: Client
) -> None:
    assert admin_site.is_registered(model)
    response = admin_client.get(f"/admin/attention_recommender/{model.__name__.lower()}/")

    assert response.status_code == 200
