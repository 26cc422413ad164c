"""The page of what was learned: words, corrections without a script, and what strangers send."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.purposes import Purpose
from consent.services import withdraw
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.interests.models import InterestChoice, State

pytestmark = pytest.mark.django_db
Person = Callable[..., HttpRequest]
Browser = Callable[..., Client]

PAGE = "/attention/interests/"
INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def _host(settings: Settings) -> None:
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "HOST_ADAPTER": "tests.recommender.serving_django.host.TestHost",
    }


def read(client: Client, path: str = PAGE) -> str:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "private, no-store"
    html = re.sub(r"\s+", " ", response.content.decode())
    assert not INLINE.search(html)
    assert "csrf" not in html
    return html


def send(client: Client, action: str, **fields: Any) -> str:
    """Send a form and return the page that follows."""
    response = client.post(PAGE, {"action": action, **fields})
    assert (response.status_code, response.headers["Location"]) == (303, f"{PAGE}?done={action}")
    return read(client, response.headers["Location"])


def see(client: Client, key: str) -> None:
    """Report a view as the script does."""
    batch = {
        "v": 1,
        "events": [{"id": str(identifiers.mint()), "kind": "view", "product": key}],
    }
    answer = client.post("/attention/events/", batch, content_type="application/json")
    assert answer.json()["not_kept"] == 1


def test_the_page_says_what_was_learned_and_what_it_rests_on(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.ORDER, "green", 1), (Kind.VIEW, "black"), (Kind.VIEW, "cast"))

    html = read(browser(request.shopper))

    assert "Tea › Pots" in html
    assert "86 % of your attention" in html
    assert "14 % of your attention" in html
    assert "In the last 30 days: 86 %." in html
    assert "From 2 events, the newest on" in html
    assert "From 1 event, on" in html
    assert str(timezone.localdate().year) in html
    assert html.count('aria-pressed="true">Normal') == 2
    assert "Undo all my corrections" not in html


def test_every_correction_is_a_plain_form(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.VIEW, "green"), (Kind.VIEW, "cast"), (Kind.VIEW, "gift"))
    client = browser(request.shopper)

    html = send(client, "more", category=shop.tea)
    assert 'aria-pressed="true">More' in html
    assert "50 % of your attention" in html

    html = send(client, "pause", category=shop.tea)
    assert "Paused. It is not used until you resume it." in html
    assert 'value="resume"' in html
    assert InterestChoice.objects.get().state == State.PAUSED

    html = send(client, "resume", category=shop.tea)
    assert 'value="resume"' not in html

    html = send(client, "remove", category="none")
    assert "nothing of it is recorded until you allow it again" in html
    assert "Allow again" in html
    assert Event.rows.filter(product__host_key="gift").count() == 0

    html = send(client, "allow", category="none")
    assert "Products without a category" not in html

    send(client, "pause", category=shop.pots)
    assert "Undo all my corrections" in read(client)
    html = send(client, "reset")
    assert not InterestChoice.objects.exists()
    assert 'value="resume"' not in html

    html = send(client, "start_over")
    assert "Nothing was learned yet." in html
    assert not Event.rows.exists()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"action": "explode", "category": "1"},
        {"action": "remove"},
        {"action": "remove", "category": "-1"},
        {"action": "remove", "category": "1 OR 1=1"},
        {"action": "remove", "category": "²"},
        {"action": "remove", "category": "9" * 30},
        {"action": "remove", "category": "999999"},
        {"action": "forget"},
    ],
)
def test_nonsense_changes_nothing(
    form: dict[str, str], shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.VIEW, "green"))

    response = browser(request.shopper).post(PAGE, form)

    assert response.status_code == 400
    assert "Nothing was changed" in response.content.decode()
    assert not InterestChoice.objects.exists()
    assert Event.rows.count() == 1


def test_the_page_is_found_where_privacy_is_decided(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    client = browser(remembered((Kind.VIEW, "green")).shopper)

    html = read(client, "/attention/preferences/")

    assert '<a href="/attention/interests/">Look at it and correct it: What you did' in html


def test_another_site_cannot_correct_anything(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.VIEW, "green"))
    client = browser(request.shopper)

    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        form = {"action": "remove", "category": shop.tea}
        assert client.post(PAGE, form, headers=headers).status_code == 403

    assert not InterestChoice.objects.exists()
    assert Event.rows.count() == 1


def test_a_person_corrects_only_their_own(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    one, other = remembered((Kind.VIEW, "green")), remembered((Kind.VIEW, "green"))

    send(browser(one.shopper), "remove", category=shop.tea)

    assert list(Event.rows.values_list("shopper_id", flat=True)) == [other.shopper.pk]
    assert InterestChoice.objects.get().shopper_id == one.shopper.pk
    assert 'value="allow"' not in read(browser(other.shopper))


def test_who_said_nothing_has_nothing_to_correct(shop: SimpleNamespace, browser: Browser) -> None:
    client = browser()

    html = read(client)

    assert "learns nothing of you" in html
    assert 'action="/attention/interests/"' not in html
    assert not client.cookies
    answer = client.post(PAGE, {"action": "remove", "category": shop.tea})
    assert answer.status_code == 400
    assert not InterestChoice.objects.exists()


def test_without_permission_to_rank_the_corrections_can_still_be_made(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.VIEW, "green"))
    client = browser(request.shopper)
    send(client, "pause", category=shop.tea)
    withdraw(shopper_id=request.shopper.pk, purposes={Purpose.RECS_PERSONAL}, actor="shopper")

    html = read(client)

    assert "nothing is read from it" in html
    assert ">Tea</h4>" in html
    send(client, "remove", category=shop.tea)
    assert not Event.rows.exists()


def test_a_visit_shows_its_products_and_lets_them_go(
    shop: SimpleNamespace, browser: Browser
) -> None:
    # Given somebody in level "this visit" who looked at two products
    client = browser()
    client.post("/attention/consent/", {"choice": "visit"})
    for key in ("green", "cast"):
        see(client, key)

    html = read(client)
    assert html.index(">Cast</a>") < html.index(">Green</a>")
    assert 'href="/p/green/"' in html

    # When one is taken out
    html = send(client, "forget", product="green")

    # Then the cookie no longer knows it, and the server never did
    assert "The product is taken out of this visit." in html
    assert ">Green</a>" not in html
    assert ">Cast</a>" in html
    assert not Event.rows.exists()
    assert not InterestChoice.objects.exists()


def test_the_names_of_categories_are_text(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    request = remembered((Kind.VIEW, "green"))
    category = shop.products["green"].category
    category.name = '<img src=x onerror="alert(1)">'
    category.save()

    html = browser(request.shopper).get(PAGE).content.decode()

    assert "<img src=x" not in html
    assert "&lt;img" in html


def test_the_page_of_what_is_held_corrects_them_as_well(
    shop: SimpleNamespace, remembered: Person, browser: Browser
) -> None:
    client = browser(remembered((Kind.VIEW, "green")).shopper)
    html = read(client, "/attention/rights/")
    address = re.search(r'action="(/attention/rights/sections/interests/)"', html)
    assert address is not None
    assert ">Tea</h4>" in html

    answer = client.post(address[1], {"action": "pause", "category": shop.tea})

    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        "/attention/rights/?done=section#interests",
    )
    assert InterestChoice.objects.get().state == State.PAUSED
