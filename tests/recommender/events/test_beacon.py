"""``POST /attention/events/``: batches of a browser, each event with its own verdict."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from consent.services import withdraw
from consent.visit import Visit, label_for
from recommender.events import identifiers
from recommender.events.kinds import BROWSER_KINDS, SERVER_KINDS, Kind
from recommender.events.models import Event, RefusalCount

pytestmark = pytest.mark.django_db

URL = "/attention/events/"
Remembered = Callable[..., HttpRequest]
Browser = Callable[..., Client]


def send(client: Client, *events: Any, **more: Any) -> Any:
    body = more.pop("body", None) or json.dumps({"v": 1, "events": events})
    return client.post(URL, body, content_type=more.pop("content_type", "application/json"), **more)


def event(kind: str = "view", *, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    """An event ``at`` seconds from now."""
    moment = int((time.time() + at) * 1000)
    event_id = identifiers.derived(milliseconds=moment, parts=(uuid4().hex,))
    return {"id": str(event_id), "kind": kind, "product": "tea", **fields}


def counted() -> dict[str, int]:
    return dict(RefusalCount.objects.values_list("cause", "count"))


@pytest.fixture
def client(shop: SimpleNamespace, remembered: Remembered, browser: Browser) -> Client:
    return browser(remembered().shopper)


@pytest.mark.parametrize("kind", sorted(BROWSER_KINDS))
def test_every_browser_kind_is_kept(kind: str, client: Client) -> None:
    sent = event(kind, placement="home", slate=str(UUID(int=9)), position=2, category="kitchen")
    if Kind(kind).largest_value:
        sent["value"] = 1200

    response = send(client, sent)

    assert response.status_code == 202
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "v": 1,
        "accepted": 1,
        "duplicate": 0,
        "refused": 0,
        "not_kept": 0,
        "events": [{"id": sent["id"], "verdict": "accepted"}],
    }
    row = Event.rows.get()
    assert (str(row.id), row.kind, row.value) == (sent["id"], Kind(kind).code, sent.get("value"))
    assert (row.placement, row.slate, row.position) == ("home", UUID(int=9), 2)


EVENT_CAUSES: list[tuple[dict[str, Any], str]] = [
    *((event(kind), "server_kind") for kind in sorted(SERVER_KINDS)),
    (event("teleport"), "unknown_kind"),
    (event(product="nothing"), "unknown_product"),
    (event(product="te\x00a"), "unknown_product"),
    (event(category="nothing"), "unknown_category"),
    (event(product="test"), "sensitive"),
    (event("click", product=None), "missing_product"),
    (event(at=3600), "bad_time"),
    (event(at=-24 * 3600 - 60), "bad_time"),
    (event() | {"occurred_at": int(time.time() * 1000) - 120_000}, "bad_time"),
    (event() | {"id": str(uuid4())}, "bad_id"),
    (event() | {"id": "seven"}, "bad_id"),
    (event() | {"id": ""}, "bad_id"),
    (event("dwell", value=-1), "bad_value"),
    (event("dwell", value=10**9), "bad_value"),
    (event("dwell", value=10**30), "bad_value"),
    (event("click", value=1), "bad_value"),
    (event("dwell", value="12"), "malformed"),
    (event("dwell", value=1.5), "malformed"),
    (event(position=-1), "malformed"),
    (event(position=40_000), "malformed"),
    (event(placement="home page"), "malformed"),
    (event(slate="x"), "malformed"),
    (event(product=17), "malformed"),
    (event(price_micros=1), "malformed"),
    (event(shopper=str(uuid4())), "malformed"),
    ({"kind": "view"}, "malformed"),
]


@pytest.mark.parametrize(("bad", "cause"), EVENT_CAUSES)
def test_a_bad_event_is_refused_alone(bad: dict[str, Any], cause: str, client: Client) -> None:
    good = event()

    response = send(client, bad, good)

    assert response.status_code == 202
    verdicts = response.json()["events"]
    assert (verdicts[0]["verdict"], verdicts[0].get("cause")) in {
        ("refused", cause),
        ("refused", "malformed" if cause == "bad_value" and bad.get("value") == 10**30 else cause),
    }
    assert verdicts[1] == {"id": good["id"], "verdict": "accepted"}
    assert [str(row.id) for row in Event.rows.all()] == [good["id"]]
    assert sum(counted().values()) == 1


@pytest.mark.parametrize("not_an_event", [None, 7, "view", [], [[]], True])
def test_what_is_no_event_is_refused_alone(not_an_event: Any, client: Client) -> None:
    response = send(client, not_an_event)

    assert response.status_code == 200
    assert response.json()["events"] == [{"id": "", "verdict": "refused", "cause": "malformed"}]
    assert not Event.rows.exists()


BATCHES: list[tuple[bytes, int, str]] = [
    (b"", 400, "not_json"),
    (b"{", 400, "not_json"),
    (b"\xff\xfe", 400, "not_json"),
    (b"null", 400, "not_a_batch"),
    (b"[]", 400, "not_a_batch"),
    (b"{}", 400, "not_a_batch"),
    (b'{"v": 2, "events": []}', 400, "not_a_batch"),
    (b'{"v": 1}', 400, "not_a_batch"),
    (b'{"v": 1, "events": {}}', 400, "not_a_batch"),
    (b'{"v": 1, "events": [], "shopper": "x"}', 400, "not_a_batch"),
    (b"[" * 60_000, 400, "not_a_batch"),
    (b'{"v": 1, "events": [' + b"[" * 60_000, 400, "not_json"),
    (json.dumps({"v": 1, "events": [1] * 101}).encode(), 413, "too_many_events"),
    (b" " * (64 * 1024 + 1), 413, "too_large"),
    (b"x" * (10 * 1024 * 1024), 413, "too_large"),
]


@pytest.mark.parametrize(("body", "status", "code"), BATCHES, ids=range(len(BATCHES)))
def test_what_is_no_batch_is_refused_whole(
    body: bytes, status: int, code: str, client: Client
) -> None:
    response = send(client, body=body or b" ")

    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert not Event.rows.exists()
    assert counted() == {"bad_batch": 1}


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ("text/plain;charset=UTF-8", 202),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("image/png", 415),
    ],
)
def test_only_json_is_read(content_type: str, status: int, client: Client) -> None:
    response = send(client, event(), content_type=content_type)

    assert response.status_code == status
    assert Event.rows.count() == (status == 202)


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_only_post_is_answered(method: str, client: Client) -> None:
    assert getattr(client, method)(URL).status_code == 405


def test_other_origins_are_refused(client: Client) -> None:
    response = send(client, event(), headers={"origin": "https://elsewhere.example"})

    assert response.status_code == 403
    assert response.json()["error"]["code"] == "other_origin"
    assert not Event.rows.exists()
    assert counted() == {"origin": 1}


def test_an_event_sent_twice_is_stored_once(client: Client) -> None:
    sent, other = event(), event("click")

    first = send(client, sent, sent, other).json()
    second = send(client, sent).json()

    assert [each["verdict"] for each in first["events"]] == ["accepted", "duplicate", "accepted"]
    assert [each["verdict"] for each in second["events"]] == ["duplicate"]
    assert Event.rows.count() == 2


def test_an_id_of_one_shopper_says_nothing_to_another(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shoppers = [remembered().shopper for _ in range(2)]
    sent = event()

    verdicts = [send(browser(shopper), sent).json()["events"][0]["verdict"] for shopper in shoppers]

    assert verdicts == ["accepted", "accepted"]
    assert {row.shopper_id for row in Event.rows.all()} == {each.pk for each in shoppers}


def test_without_a_decision_nothing_is_stored(shop: SimpleNamespace, browser: Browser) -> None:
    response = send(browser(), event(), event("dwell", value=3000))

    assert response.status_code == 200
    assert {each["cause"] for each in response.json()["events"]} == {"consent"}
    assert not Event.rows.exists()
    assert not response.cookies
    assert counted() == {"consent": 2}


def test_after_a_refusal_nothing_is_stored(client: Client) -> None:
    client.cookies["attention_choice"] = f"1-{timezone.now():%Y%m}"

    response = send(client, event())

    assert response.json()["refused"] == 1
    assert not Event.rows.exists()


def test_a_forged_key_is_nobody(shop: SimpleNamespace, browser: Browser) -> None:
    forger = browser()
    forger.cookies["attention_key"] = "1.AAAAAAAAAAAAAAAAAAAAAA.AAAA"

    response = send(forger, event())

    assert (response.status_code, response.json()["refused"]) == (200, 1)
    assert not Event.rows.exists()


def test_a_signed_key_of_nobody_is_nobody(shop: SimpleNamespace, browser: Browser) -> None:
    response = send(browser(uuid4()), event())

    assert response.json()["events"][0]["cause"] == "consent"
    assert not Event.rows.exists()


def test_after_withdrawal_nothing_is_stored(
    shop: SimpleNamespace, remembered: Remembered, browser: Browser
) -> None:
    shopper = remembered().shopper
    client = browser(shopper)
    send(client, event())
    withdraw(shopper_id=shopper.pk, actor="shopper")

    response = send(client, event())

    assert response.json()["events"][0]["cause"] == "consent"
    assert not Event.rows.exists()


def test_a_visit_keeps_views_in_its_cookie(shop: SimpleNamespace, browser: Browser) -> None:
    from consent import keys

    client = browser()
    client.cookies["attention_visit"] = keys.sign(label_for(""), Visit.begin().to_bytes())

    response = send(
        client,
        event(product="tea"),
        event("click", product="cup"),
        event(product="test"),
        event(product="pot"),
    )

    assert response.status_code == 200
    assert [(each["verdict"], each.get("cause")) for each in response.json()["events"]] == [
        ("not_kept", None),
        ("not_kept", None),
        ("refused", "sensitive"),
        ("not_kept", None),
    ]
    kept = Visit.from_bytes(keys.unsign(label_for(""), response.cookies["attention_visit"].value))
    assert kept.products == ("tea", "pot")
    assert not Event.rows.exists()


def test_an_empty_batch_is_nothing(client: Client) -> None:
    response = send(client)

    assert (response.status_code, response.json()["events"]) == (200, [])


def test_a_full_batch_takes_few_queries(client: Client, django_assert_max_num_queries: Any) -> None:
    send(client, event())
    from django.db import connection

    rows = 100 if connection.vendor == "sqlite" else 1

    with django_assert_max_num_queries(8 + rows):
        response = send(client, *(event() for _ in range(100)))

    assert response.json()["accepted"] == 100
    assert Event.rows.count() == 101


NASTY = [r'"\ud800"', r'"\u0000"', '"\\ud83d\\ude00"', '"' + "é" * 128 + '"', r'"\\"', '"\'; --"']


@pytest.mark.parametrize("field", ["product", "category", "kind", "id", "placement", "slate"])
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_no_text_upsets_the_database(field: str, text: str, client: Client) -> None:
    sent = json.dumps({"v": 1, "events": [event() | {field: "@"}]}).replace('"@"', text)

    response = send(client, body=sent)

    assert response.status_code in {200, 400}
    assert not Event.rows.exists()
