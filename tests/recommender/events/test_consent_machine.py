"""Whatever a person does in whatever order: no event is stored without a grant that covers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.db.models import Max
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from pytest_django import Settings

from consent.conf import consent_settings
from consent.ledger.append import subjects_of
from consent.ledger.models import Decision
from consent.models import ConsentState, PolicyVersion, Shopper
from consent.page_stamp import stamp
from consent.policies.services import publish_policy
from consent.purposes import Purpose, from_mask
from consent.seen import seen_by
from consent.visitor import read_key, read_visitor
from recommender.events import identifiers
from recommender.events.kinds import Kind
from recommender.events.selectors import events_of
from recommender.events.services import record
from tests.consent.support import OWN

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a long enough one"
SWITCHES = st.frozensets(
    st.sampled_from([Purpose.ANALYTICS, Purpose.RECS_PERSONAL, Purpose.MODEL_TRAIN])
)
_numbers = count()
_ahead = timedelta(0)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    """A clock that only the machine moves on."""
    global _ahead
    real = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: real() + _ahead)
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "ERASE_ROWS": 10_000_000}
    yield
    _ahead = timedelta(0)


class Life(RuleBasedStateMachine):
    """One person with an account and two browsers, a shop, and pages that stay open."""

    rows = 0

    def __init__(self) -> None:
        super().__init__()
        name = f"ann{next(_numbers)}"
        get_user_model().objects.create_user(name, password=PASSWORD)
        self.name = name
        self.site = Site.objects.get(pk=1)
        self.browsers = [Client(headers=OWN), Client(headers=OWN)]
        self.stamps = ["", ""]
        self.queue: list[tuple[dict[str, Any], str]] = []
        self.shoppers: set[UUID] = set()
        self.stored: set[tuple[UUID, UUID]] = set()
        self.choose(0, "remember")
        self.open_page(0)

    browser = st.integers(0, 1)

    @rule(which=browser, choice=st.sampled_from(["remember", "remember", "visit", "off"]))
    def choose(self, which: int, choice: str) -> None:
        self._post(which, "attention_consent:choose", {"choice": choice})

    @rule(which=browser, purposes=SWITCHES)
    def switch(self, which: int, purposes: frozenset[Purpose]) -> None:
        data = {"action": "purposes", "purposes": sorted(purposes)}
        self._post(which, "attention_consent:preferences", data)

    @rule(which=browser, what=st.sampled_from(["in", "in", "out", "link", "erase"]))
    def be_somebody_else(self, which: int, what: str) -> None:
        """Log in or out, take the offered history along, or have everything erased."""
        if what == "in":
            data = {"username": self.name, "password": PASSWORD}
            self._post(which, "attention_storefront:login", data)
        elif what == "out":
            self._post(which, "attention_storefront:logout", {})
        elif what == "link":
            self._post(which, "attention_consent:preferences", {"action": "link"})
        else:
            self._post(which, "attention_consent:erase", {})

    @rule(is_material=st.sampled_from([False, False, True]))
    def publish(self, is_material: bool) -> None:
        text = {"title": "t", "notice": f"n{next(_numbers)}", "body": "b"}
        languages = dict.fromkeys(consent_settings.POLICY, text)
        publish_policy(site=self.site, texts=languages, is_material=is_material)

    @rule(minutes=st.sampled_from([1, 30, 60 * 20]))
    def wait(self, minutes: int) -> None:
        global _ahead
        _ahead += timedelta(minutes=minutes)

    @rule(which=browser)
    def open_page(self, which: int) -> None:
        self.stamps[which] = stamp(self._request(which))

    @rule(which=browser)
    def do_something(self, which: int) -> None:
        """Something is done on the page that is open; nothing is sent yet."""
        moment = identifiers.to_milliseconds(timezone.now())
        name = identifiers.derived(milliseconds=moment, parts=(str(next(_numbers)),))
        event = {"id": str(name), "kind": "view", "product": "tea"}
        self.queue.append((event, self.stamps[which]))

    @rule(which=browser)
    def send(self, which: int) -> None:
        """Whatever waits is sent by this browser: its own pages, and what others brought along."""
        for event, page in self.queue:
            self._post_batch(which, event, page)

    @rule(which=browser)
    def report_now(self, which: int) -> None:
        """A page of now that reports at once is heard exactly when recording is allowed."""
        self.open_page(which)
        self.do_something(which)
        event, page = self.queue.pop()
        verdict = self._post_batch(which, event, page)
        assert (verdict == "accepted") == self._may_record(which)

    @rule(which=browser)
    def state_a_fact(self, which: int) -> None:
        """The shop itself records something about the person behind a request."""
        expected = self._may_record(which)
        outcome = record(request=self._request(which), kind=Kind.VIEW, product_key="cup")
        assert (outcome.verdict == "accepted") == expected

    @invariant()
    def every_row_was_covered_when_it_was_committed(self) -> None:
        for shopper_id in self._everybody():
            decisions = list(
                Decision.objects.filter(subject__in=subjects_of(shopper_id)).order_by("sequence")
            )
            for row in events_of(shopper_id=shopper_id):
                if (shopper_id, row.id) not in self.stored:
                    covered(row, decisions)
                    self.stored.add((shopper_id, row.id))
                    Life.rows += 1

    @invariant()
    def who_allows_nothing_has_no_rows(self) -> None:
        for shopper_id in self._everybody():
            state = ConsentState.objects.filter(pk=shopper_id).first()
            allowed = state.granted | state.resting if state else frozenset()
            if Purpose.ANALYTICS not in allowed:
                assert not events_of(shopper_id=shopper_id).exists()

    def teardown(self) -> None:
        get_user_model().objects.filter(username=self.name).delete()
        Shopper.objects.filter(pk__in=self.shoppers).delete()

    def _post(self, which: int, name: str, data: dict[str, Any]) -> None:
        seen = seen_by(self._request(which))
        response = self.browsers[which].post(reverse(name), {**data, "seen": seen})
        assert response.status_code < 500
        self._notice(which)

    def _post_batch(self, which: int, event: dict[str, Any], page: str) -> str:
        response = self.browsers[which].post(
            reverse("attention_recommender:events"),
            {"v": 1, "page": page, "events": [event]},
            content_type="application/json",
        )
        assert response.status_code in {200, 202}
        return str(response.json()["events"][0]["verdict"])

    def _request(self, which: int) -> Any:
        """A request of this browser, with the account that is logged in."""
        request = RequestFactory(headers=OWN).get("/")
        request.COOKIES = {name: each.value for name, each in self.browsers[which].cookies.items()}
        user_id = self.browsers[which].session.get("_auth_user_id")
        if user_id is not None:
            request.user = get_user_model().objects.get(pk=user_id)
        request.visitor = read_visitor(request)
        return request

    def _may_record(self, which: int) -> bool:
        """What the state row of the browser's person says, read without the gate."""
        visitor = self._request(which).visitor
        state = ConsentState.objects.filter(pk=visitor.shopper_id).first()
        return state is not None and Purpose.ANALYTICS in state.granted

    def _notice(self, which: int) -> None:
        cookie = self.browsers[which].cookies.get("attention_key")
        accounts = Shopper.objects.filter(user__username=self.name).values_list("pk", flat=True)
        self.shoppers.update(accounts)
        if cookie is not None and cookie.value:
            account = self.browsers[which].session.get("_auth_user_id", "")
            if (shopper_id := read_key(cookie.value, account)) is not None:
                self.shoppers.add(shopper_id)

    def _everybody(self) -> list[UUID]:
        return sorted(self.shoppers)


def covered(row: Any, decisions: list[Decision]) -> None:
    """Hold a stored event against the ledger and the policy of its moment."""
    by_sequence = {decision.sequence: decision for decision in decisions}
    # What moved from a browser's history rests on that browser's decision: its ledger rows name
    # another subject.
    decision = by_sequence.get(row.consent_seq) or Decision.objects.get(sequence=row.consent_seq)
    assert decision.kind not in {"withdrawn", "erased"} or decision.purposes
    assert Purpose.ANALYTICS in decision.purposes.split()
    assert {str(each) for each in from_mask(row.purposes)} <= {
        *decision.purposes.split(),
        Purpose.NECESSARY,
    }
    at = row.received_at
    later = [each for each in decisions if decision.recorded_at < each.recorded_at <= at]
    assert decision.sequence not in by_sequence or later == []
    happened = identifiers.to_milliseconds(row.occurred_at)
    assert happened >= identifiers.to_milliseconds(decision.recorded_at)
    assert not replaced(decision.recorded_at, at)


def replaced(decided: datetime, at: datetime) -> bool:
    """Tell whether a material version came between a decision and a moment."""
    material = PolicyVersion.objects.filter(is_material=True, created_at__lt=at)
    newest = material.aggregate(newest=Max("created_at"))["newest"]
    return newest is not None and newest > decided


def live(examples: int, steps: int) -> int:
    """Live generated lives; return how many stored events were held against the ledger."""
    Life.rows = 0
    run_state_machine_as_test(
        Life,
        settings=hypothesis_settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Life.rows


def test_no_event_is_stored_without_a_covering_grant(shop: SimpleNamespace) -> None:
    assert live(examples=8, steps=25) > 0


@pytest.mark.deep
def test_no_event_is_stored_without_a_covering_grant_at_full_size(
    shop: SimpleNamespace, record_property: Callable[[str, object], None]
) -> None:
    rows = live(examples=150, steps=50)
    assert rows > 150
    record_property("size", "150 lives of 50 steps")
    record_property("result", f"{rows} stored events, each covered")
