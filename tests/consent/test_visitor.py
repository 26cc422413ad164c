from __future__ import annotations

import time
import uuid

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from consent import gate, keys
from consent.middleware import VisitorMiddleware
from consent.models import Shopper
from consent.privacy import mark_personal
from consent.purposes import Purpose
from consent.visit import LIMIT, Visit, remember_visit
from consent.visit_record import label_for
from consent.visitor import Level, read_key, read_visitor, sign_key


def visitor_with(**jar: str) -> object:
    request = RequestFactory().get("/")
    request.COOKIES.update(jar)
    return read_visitor(request)


@given(st.text(max_size=200))
def test_a_forged_key_counts_as_none(token: str) -> None:
    visitor = visitor_with(attention_key=token)
    assert visitor.level is Level.UNDECIDED  # type: ignore[attr-defined]
    assert visitor.shopper_id is None  # type: ignore[attr-defined]


@given(st.text(max_size=200))
def test_a_forged_visit_counts_as_none(token: str) -> None:
    visitor = visitor_with(attention_visit=token)
    assert visitor.level is Level.UNDECIDED  # type: ignore[attr-defined]
    assert visitor.visit is None  # type: ignore[attr-defined]


def test_a_key_is_for_one_account_or_for_nobody() -> None:
    shopper_id = uuid.uuid4()
    assert read_key(sign_key(shopper_id, ""), "") == shopper_id
    assert read_key(sign_key(shopper_id, "7"), "7") == shopper_id
    assert read_key(sign_key(shopper_id, "7"), "") is None
    assert read_key(sign_key(shopper_id, "7"), "8") is None
    assert read_key(sign_key(shopper_id, ""), "7") is None


@given(st.lists(st.text(min_size=1, max_size=64), max_size=60))
def test_a_visit_survives_its_cookie(products: list[str]) -> None:
    visit = Visit.begin()
    for product in products:
        visit = visit.with_product(product)
    assert len(visit.products) <= LIMIT
    assert len(set(visit.products)) == len(visit.products)
    if products:
        assert visit.products[-1] == products[-1]
    payload = visit.to_bytes()
    back = Visit.from_bytes(payload)
    assert back.started_at == visit.started_at
    assert visit.products[len(visit.products) - len(back.products) :] == back.products
    assert len(keys.sign("visit:", payload)) < 3800


def test_a_product_seen_again_becomes_the_newest() -> None:
    visit = Visit((), 0).with_product("a").with_product("b").with_product("a")
    assert visit.products == ("b", "a")
    assert visit.with_product("x" * 65) == visit
    assert visit.with_product("") == visit


@pytest.mark.parametrize("started", [-13 * 3600, 3600])
def test_a_visit_ends_by_the_clock(started: int) -> None:
    visit = Visit(("a",), int(time.time()) + started)
    visitor = visitor_with(attention_visit=keys.sign(label_for(""), visit.to_bytes()))
    assert visitor.level is Level.UNDECIDED  # type: ignore[attr-defined]


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'[2,1,["a"]]', b'[1,"x",[]]', b"\xff"])
def test_a_visit_of_another_shape_counts_as_none(payload: bytes) -> None:
    visitor = visitor_with(attention_visit=keys.sign(label_for(""), payload))
    assert visitor.level is Level.UNDECIDED  # type: ignore[attr-defined]


def serve(request: HttpRequest, *, mark: bool = False, look: bool = False) -> HttpResponse:
    def page(request: HttpRequest) -> HttpResponse:
        if mark:
            mark_personal(request)
        if look:
            gate.permit(request.visitor, Purpose.ANALYTICS)  # type: ignore[attr-defined]
        return HttpResponse("page", headers={"Cache-Control": "public, max-age=60"})

    response = VisitorMiddleware(page)(request)
    assert isinstance(response, HttpResponse)
    return response


@pytest.mark.django_db
def test_a_visitor_without_key_costs_no_query_and_little_time(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def request() -> HttpRequest:
        return RequestFactory().get("/")

    with django_assert_num_queries(0):
        response = serve(request(), look=True)
    assert response["Cache-Control"] == "public, max-age=60"
    assert response["Vary"] == "Cookie, Sec-GPC"
    assert not response.cookies
    page = VisitorMiddleware(lambda request: HttpResponse())
    bare = [request() for _ in range(400)]
    best = min(_timed(page, each) for each in bare) - min(
        _timed(lambda request: HttpResponse(), request()) for _ in range(400)
    )
    assert best <= 0.0001


def _timed(call: object, request: HttpRequest) -> float:
    start = time.perf_counter()
    call(request)  # type: ignore[operator]
    return time.perf_counter() - start


def test_a_page_that_did_not_look_does_not_vary() -> None:
    response = serve(RequestFactory().get("/"))
    assert "Vary" not in response
    assert response["Cache-Control"] == "public, max-age=60"


def test_a_personal_response_is_never_stored() -> None:
    response = serve(RequestFactory().get("/"), mark=True)
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["forged", "unknown"])
def test_a_key_that_names_nobody_is_taken_away(site: Site, token: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["attention_key"] = (
        "debug.AAAA.BBBB" if token == "forged" else sign_key(uuid.uuid4(), "")
    )
    response = serve(request, look=True)
    assert response.cookies["attention_key"].value == ""
    assert response["Cache-Control"] == "private, no-store"


def test_missing_master_keys_make_nobody_known_and_break_nothing(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    token = sign_key(uuid.uuid4(), "")

    def missing() -> keys.Keyring:
        raise keys.KeysMissing("none")

    with monkeypatch.context() as patch:
        patch.setattr(keys, "keyring", missing)
        visitor = visitor_with(attention_key=token)
    assert visitor.level is Level.UNDECIDED  # type: ignore[attr-defined]
    assert "master keys" in caplog.text


@pytest.mark.django_db
def test_products_of_a_visit_travel_in_its_cookie(browser: Client, site: Site) -> None:
    browser.post("/attention/consent/", {"choice": "visit"})
    request = RequestFactory().get("/")
    request.COOKIES["attention_visit"] = browser.cookies["attention_visit"].value

    def page(request: HttpRequest) -> HttpResponse:
        visit = request.visitor.visit  # type: ignore[attr-defined]
        remember_visit(request, visit.with_product("p1").with_product("p2"))
        return HttpResponse(",".join(request.visitor.visit.products))  # type: ignore[attr-defined]

    response = VisitorMiddleware(page)(request)
    assert isinstance(response, HttpResponse)
    assert response.content == b"p1,p2"
    browser.cookies["attention_visit"] = response.cookies["attention_visit"].value
    exported = browser.get("/attention/rights/export/").json()
    assert exported["browser"]["products_of_this_visit"] == ["p1", "p2"]
    assert not Shopper.objects.exists()


def test_only_a_visit_is_remembered_in_a_cookie() -> None:
    def page(request: HttpRequest) -> HttpResponse:
        remember_visit(request, Visit.begin().with_product("p1"))
        return HttpResponse()

    response = VisitorMiddleware(page)(RequestFactory().get("/"))
    assert isinstance(response, HttpResponse)
    assert not response.cookies
