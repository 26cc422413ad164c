"""``GET /attention/slots/<placement>/``, ``POST /attention/hide/`` and the schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client

from consent import services as consent_services
from consent.cookies import pending
from recommender.catalog.models import Product
from recommender.events.kinds import Kind
from recommender.events.selectors import count_events
from tests.recommender.serving_django.conftest import Publish

Person = Callable[..., HttpRequest]


@pytest.fixture
def browser(rf: Any, site: Any, client: Client) -> Client:
    """A browser whose owner chose to be remembered."""
    request = rf.get("/")
    client.shopper = consent_services.grant_remember(request=request)  # type: ignore[attr-defined]
    for name, cookie in pending(request).items():
        client.cookies[name] = cookie.value
    return client


def view(browser: Client, key: str, remembered: Person) -> None:
    remembered((Kind.VIEW, key), shopper=browser.shopper.pk)  # type: ignore[attr-defined]


def test_a_slot_answers_with_a_slate(publish: Publish, client: Client) -> None:
    version = publish()

    response = client.get("/attention/slots/home/", {"size": "2"})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    document = response.json()
    slate_id = document.pop("slate")
    assert len(slate_id) == 36
    assert document == {
        "format": 1,
        "placement": "home",
        "heading": "Popular right now",
        "mode": "contextual",
        "rung": "model",
        "model": version.version,
        "items": [
            {
                "key": key,
                "position": position,
                "title": f"Tea {key[1:]}",
                "url": f"/p/{key}/",
                "picture_url": "",
                "price_micros": 2_500_000,
                "currency": "USD",
                "reason": {"kind": "popular", "text": "Popular in this shop"},
                "disclosure": "",
                "viewable_url": "",
            }
            for position, key in enumerate(["p8", "p9"], start=1)
        ],
    }


def test_a_contextual_answer_sets_no_cookie_and_may_be_kept(
    publish: Publish, client: Client
) -> None:
    publish()

    response = client.get("/attention/slots/home/")

    assert not response.cookies
    assert "Cache-Control" not in response.headers
    assert "Cookie" in response["Vary"]


def test_a_personal_answer_is_private(
    publish: Publish, browser: Client, remembered: Person
) -> None:
    publish()
    view(browser, "p0", remembered)

    response = browser.get("/attention/slots/home/")

    assert response.json()["mode"] == "personal"
    assert response.json()["items"][0]["reason"] == {
        "kind": "follows",
        "text": "Often follows Tea 0, which you viewed",
    }
    assert response["Cache-Control"] == "private, no-store"


def test_an_unknown_placement_is_404_with_words(publish: Publish, client: Client) -> None:
    response = client.get("/attention/slots/attic/")

    assert response.status_code == 404
    assert response.json() == {
        "error": {
            "code": "unknown_placement",
            "message": "There is no placement named 'attic'.",
        }
    }


@pytest.mark.parametrize("size", ["0", "49", "-1", "1.5", "many", "", "²", "9" * 30])
def test_a_bad_size_is_400_with_words(size: str, publish: Publish, client: Client) -> None:
    response = client.get("/attention/slots/home/", {"size": size})

    assert response.status_code == 400
    assert response.json()["error"] == {
        "code": "bad_size",
        "message": "size must be a whole number from 1 to 48.",
    }


@pytest.mark.parametrize(
    "query",
    [
        {"product": "nobody"},
        {"product": "\x00"},
        {"product": "\ud800".encode("utf-16", "surrogatepass").decode("latin-1")},
        {"category": "'; DROP TABLE"},
        {"q": "tea\x00"},
    ],
)
def test_an_unknown_context_is_answered_without_it(
    query: dict[str, str], publish: Publish, client: Client
) -> None:
    publish()

    for placement in ("home", "product", "category", "search", "basket"):
        response = client.get(f"/attention/slots/{placement}/", query)

        assert response.status_code == 200
        assert response.json()["items"] or placement == "category"


@pytest.mark.parametrize(("name", "code"), [("product", "bad_product"), ("q", "bad_q")])
def test_an_endless_parameter_is_400(
    name: str, code: str, publish: Publish, client: Client
) -> None:
    response = client.get("/attention/slots/home/", {name: "x" * 500})

    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_other_methods_are_refused(publish: Publish, client: Client) -> None:
    assert client.post("/attention/slots/home/").status_code == 405
    assert client.get("/attention/hide/").status_code == 405


def test_a_hidden_product_is_gone_in_the_next_answer_and_the_page_comes_back(
    publish: Publish, browser: Client, remembered: Person
) -> None:
    publish()
    view(browser, "p0", remembered)
    first = browser.get("/attention/slots/home/").json()["items"][0]["key"]

    response = browser.post(
        "/attention/hide/",
        {"product": first, "next": "/tea/?page=2"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert (response.status_code, response["Location"]) == (303, "/tea/?page=2")
    keys = [item["key"] for item in browser.get("/attention/slots/home/").json()["items"]]
    assert first not in keys
    assert keys


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_hiding_never_leads_to_another_site(
    address: str, publish: Publish, browser: Client
) -> None:
    response = browser.post(
        "/attention/hide/",
        {"product": "p1", "next": address},
        headers={"Sec-Fetch-Site": "same-origin", "Referer": "https://evil.example/"},
    )

    assert response["Location"] == "/"


def test_hiding_from_another_site_is_refused_and_stores_nothing(
    publish: Publish, browser: Client
) -> None:
    response = browser.post(
        "/attention/hide/", {"product": "p1"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert response.status_code == 403
    assert count_events(shopper_id=browser.shopper.pk) == 0  # type: ignore[attr-defined]


def test_hiding_without_consent_stores_nothing_and_says_so(
    publish: Publish, client: Client
) -> None:
    response = client.post(
        "/attention/hide/",
        json.dumps({"product": "p1"}),
        content_type="application/json",
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
    )

    assert response.json() == {"hidden": False, "cause": "consent"}
    assert not response.cookies


@pytest.mark.parametrize("body", [{}, {"product": ""}, {"product": "x" * 129}])
def test_hiding_nothing_is_400(body: dict[str, str], publish: Publish, browser: Client) -> None:
    response = browser.post("/attention/hide/", body, headers={"Sec-Fetch-Site": "same-origin"})

    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_product")


def test_the_schema_documents_every_public_address(client: Client, db: None) -> None:
    response = client.get("/attention/schema/", {"format": "json"})

    assert response.status_code == 200
    paths = set(json.loads(response.content)["paths"])
    assert paths >= {
        "/attention/slots/{placement}/",
        "/attention/hide/",
        "/attention/events/",
        "/attention/consent/",
        "/attention/consent/state/",
        "/attention/rights/export/",
    }
    assert all(path.startswith(("/attention/", "/.well-known/")) for path in paths)


def test_the_titles_in_the_answer_are_plain_text(
    publish: Publish, products: list[Product], client: Client
) -> None:
    Product.objects.filter(host_key="p8").update(title="<b>Tea</b> & more")
    publish()

    response = client.get("/attention/slots/home/", {"size": "1"})

    assert response.json()["items"][0]["title"] == "<b>Tea</b> & more"
