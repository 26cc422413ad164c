"""The first response of every address to a new visitor: no cookie, no trace, nobody else asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.sites.models import Site
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from attention_shop.storefront.accounts.session_store import ShopSession
from attention_shop.storefront.catalog.models import Category, Product
from consent.models import ChoiceCount, Decision, Shopper
from recommender.catalog.adapter import get_adapter
from recommender.catalog.services import mirror_products

NOBODY = UUID("00000000-0000-4000-8000-000000000000")
EXAMPLES: dict[str, dict[str, object]] = {
    "attention_consent:policy_version": {"number": 1},
    "attention_consent:key": {"kid": "debug"},
    "attention_consent:rights_held": {"label": "shopper"},
    "attention_consent:rights_section": {"label": "accesses"},
    "attention_consent:receipt": {"sequence": 1},
    "attention_consent:guest": {"token": "k.x.y"},
    "attention_consent:proof": {"proof_id": NOBODY},
    "attention_consent:proof_document": {"proof_id": NOBODY},
    "attention_consent:proof_signature": {"proof_id": NOBODY},
    "attention_recommender:slots": {"placement": "home"},
    "attention_storefront:category": {"slug": "coffee"},
    "attention_storefront:product": {"sku": "mug"},
    "attention_storefront:order": {"order_id": NOBODY},
    "attention_storefront:order_return": {"order_id": NOBODY},
}
MAY_SET = {
    "attention_storefront:login": {"csrftoken"},
    "attention_storefront:register": {"csrftoken"},
}
"""The named exceptions, beside the admin: a form that logs in is guarded by a token in a cookie."""

SAYS_NO = {"attention_consent:erase", "attention_consent:stop"}
"""A form sent there is an answer: the browser notes the no, without an identifier."""

LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|link|form|input)\b[^>]*?"
    r"\s(?:src|srcset|href|action|poster|data|formaction)=[\"'](?P<url>(?:https?:)?//[^\"']*)",
    re.IGNORECASE,
)
KEEPS = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|serviceWorker|caches\.")
ELSEWHERE = re.compile(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
ROOT = Path(__file__).resolve().parents[2]


def _addresses(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield f"{namespace}:{each.name}"
        elif each.namespace != "admin":
            yield from _addresses(each, each.namespace or namespace)


NAMES = sorted(set(_addresses(get_resolver())))


@pytest.fixture
def shelf(db: None) -> Site:
    """A shop with one product, so that every page has something to show."""
    site = Site.objects.get_current()
    category = Category.objects.create(site=site, key="coffee", slug="coffee", name="Coffee")
    Product.objects.create(
        site=site,
        sku="mug",
        title="Mug",
        category=category,
        price_micros=12_500_000,
        created_at="2026-01-01T00:00:00Z",
    )
    mirror_products(site=site, records=list(get_adapter().iterate(site=site)))
    return site


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_new_visitor_gets_no_cookie_and_leaves_no_trace(
    name: str, method: str, shelf: Site
) -> None:
    # Given somebody who was never here
    visitor = Client(headers={"sec-fetch-site": "same-origin"})
    address = reverse(name, kwargs=EXAMPLES.get(name, {}))

    # When they ask for an address, or send an empty form to it
    response = getattr(visitor, method)(address)

    # Then the shop has answered, and set no cookie
    allowed = MAY_SET.get(name, set())
    if method == "post" and name in SAYS_NO:
        allowed = {"attention_choice"}
    assert response.status_code < 500
    assert set(response.cookies) <= allowed
    # And nothing of them is kept, and nobody else is asked for anything
    event = apps.get_model("attention_recommender", "Event")
    for model in (Shopper, Decision, ShopSession, event):
        assert not model._base_manager.exists(), model
    if method == "get":
        assert not ChoiceCount.objects.exists()
    body = b"".join(response) if response.streaming else response.content
    assert not [match["url"] for match in LOADED.finditer(body.decode(errors="replace"))]
    if "html" in response.get("Content-Type", "") and response.status_code == 200:
        assert response["Content-Security-Policy"].startswith("default-src 'self'")


def test_the_walk_knows_every_kind_of_address() -> None:
    assert len(NAMES) >= 60
    assert set(EXAMPLES) <= set(NAMES)
    assert set(MAY_SET) | SAYS_NO <= set(NAMES)


@pytest.mark.parametrize(
    "path",
    sorted(
        path.relative_to(ROOT).as_posix()
        for package in ("consent", "recommender", "attention_shop")
        for path in (ROOT / package).rglob("static/**/*")
        if path.suffix in {".js", ".css"}
    ),
)
def test_our_scripts_and_styles_keep_nothing_and_ask_nobody_else(path: str) -> None:
    text = (ROOT / path).read_text()

    assert not KEEPS.findall(text)
    assert not ELSEWHERE.findall(text)
