"""What each decision records: text shown, language, place, signal, actor; and nobody's name."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.serializers import serialize
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent import keys, services
from consent.imports import import_decision
from consent.ledger.append import subjects_of
from consent.ledger.models import Decision
from consent.ledger.verify import verify
from consent.models import ConsentState, PolicyVersion, Shopper
from consent.policies.services import publish_policy
from consent.purposes import Purpose
from consent.retention.run import apply_retention
from consent.tasks import finish_due_erasures
from tests.consent.support import History, new_shopper

PREFERENCES = "/attention/preferences/"
TEXT = {"title": "t", "notice": "n", "body": "b"}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("ledger_dir")]


@pytest.fixture
def texts(site: Site) -> dict[str, str]:
    """The hash of the current text in each language."""
    publish_policy(site=site, texts={"en": TEXT, "zh-hans": {**TEXT, "notice": "通知"}})
    newest = PolicyVersion.objects.filter(number=2)
    return dict(newest.values_list("language", "hash"))


def recorded() -> list[tuple[Any, ...]]:
    fields = ("kind", "policy", "language", "source", "gpc", "actor")
    return list(Decision.objects.order_by("sequence").values_list(*fields))


def post(browser: Client, path: str, **data: Any) -> None:
    """Send a form as the page that holds it would, its hidden fields included."""
    gpc = {"Sec-GPC": "1"} if data.pop("gpc", False) else {}
    headers = {**gpc, "Accept-Language": data.pop("language", "en")}
    page = browser.get(path if path == PREFERENCES else "/", headers=headers).content.decode()
    hidden = dict(re.findall(r'name="(shown|seen)" value="([^"]*)"', page))
    response = browser.post(path, {**hidden, **data}, headers=headers)
    assert response.status_code == 303, response.content


def test_the_notice_and_the_control_record_what_they_showed(
    browser: Client, texts: dict[str, str]
) -> None:
    post(browser, "/attention/consent/", choice="remember", language="zh-hans", gpc=True)
    post(browser, "/attention/consent/", choice="off", source="control", language="en")
    assert recorded() == [
        ("granted", texts["zh-hans"], "zh-hans", "banner", True, "shopper"),
        ("withdrawn", texts["en"], "en", "control", False, "shopper"),
    ]


def test_a_language_without_a_text_records_the_language_really_shown(
    browser: Client, texts: dict[str, str]
) -> None:
    post(browser, "/attention/consent/", choice="remember", language="fr")
    assert recorded() == [("granted", texts["en"], "en", "banner", False, "shopper")]


def test_an_unknown_place_is_the_notice(browser: Client, texts: dict[str, str]) -> None:
    post(browser, "/attention/consent/", choice="remember", source="elsewhere")
    assert [row[3] for row in recorded()] == ["banner"]


def test_a_script_records_itself(browser: Client, texts: dict[str, str]) -> None:
    for choice in ("remember", "off"):
        answer = browser.post(
            "/attention/consent/", {"choice": choice}, content_type="application/json"
        )
        assert answer.status_code == 200
    assert recorded() == [
        ("granted", texts["en"], "en", "api", False, "shopper"),
        ("withdrawn", texts["en"], "en", "api", False, "shopper"),
    ]


def test_the_preferences_record_each_step(browser: Client, texts: dict[str, str]) -> None:
    page = PREFERENCES
    post(browser, page, action="level", choice="remember", language="zh-hans")
    post(browser, page, action="purposes", purposes=["analytics"], gpc=True)
    post(browser, page, action="purposes", purposes=["analytics", "recs.personal"])
    post(browser, page, action="level", choice="visit", language="zh-hans")
    assert recorded() == [
        ("granted", texts["zh-hans"], "zh-hans", "preferences", False, "shopper"),
        ("withdrawn", texts["en"], "en", "preferences", True, "shopper"),
        ("changed", texts["en"], "en", "preferences", False, "shopper"),
        ("withdrawn", texts["zh-hans"], "zh-hans", "preferences", False, "shopper"),
    ]


def test_the_rights_page_records_the_erasure(browser: Client, texts: dict[str, str]) -> None:
    post(browser, "/attention/consent/", choice="remember")
    post(browser, "/attention/rights/erase/", gpc=True, language="zh-hans")
    assert recorded()[-1] == ("erased", texts["zh-hans"], "zh-hans", "rights", True, "shopper")


def test_a_withdrawal_rests_on_what_was_shown_and_the_rest_on_what_was_agreed(
    site: Site, browser: Client
) -> None:
    post(browser, "/attention/consent/", choice="remember")
    agreed = ConsentState.objects.get().policy_id
    newer = publish_policy(site=site, texts={"en": TEXT})[0]
    post(browser, PREFERENCES, action="purposes", purposes=["analytics"])
    assert Decision.objects.get(kind="withdrawn").policy == newer.hash
    assert ConsentState.objects.get().policy_id == agreed


def test_who_is_shown_nothing_is_recorded_as_shown_nothing(
    site: Site, texts: dict[str, str]
) -> None:
    """Staff, the system and importers act without a text before the person."""
    by_staff, expired = new_shopper(site), new_shopper(site)
    linked = new_shopper(site, get_user_model().objects.create_user("ann"))
    Decision.objects.count()
    services.withdraw(
        shopper_id=by_staff.pk, actor="staff", source="letter", language="de", gpc=False
    )
    ConsentState.objects.filter(pk=expired.pk).update(
        decided_at=timezone.now() - timedelta(days=367)
    )
    apply_retention()
    linked.user.delete()
    import_decision(
        site=site,
        purposes={Purpose.ANALYTICS},
        importer="shop",
        legal_basis="consent",
        evidence_hash="a" * 64,
    )
    assert recorded()[3:] == [
        ("withdrawn", "", "de", "letter", False, "staff"),
        ("erased", "", "", "retention", False, "system"),
        ("erased", "", "", "account", False, "system"),
        ("imported", "", "", "import", False, "importer"),
    ]


def test_visit_and_off_leave_no_row(browser: Client, site: Site) -> None:
    post(browser, "/attention/consent/", choice="visit")
    post(browser, "/attention/consent/", choice="off")
    assert not Decision.objects.exists()
    assert not Shopper.objects.exists()


def everything_stored() -> str:
    """Every field of every row of every table."""
    rows = [row for model in apps.get_models() for row in model._base_manager.all()]
    return serialize("json", rows)


def traces_of(shopper_id: UUID) -> list[str]:
    """The forms in which a row could name a person."""
    return [str(shopper_id), shopper_id.hex, *subjects_of(shopper_id)]


def test_after_an_erasure_nothing_leads_from_the_person_to_the_ledger(
    browser: Client, site: Site, history: History, texts: dict[str, str]
) -> None:
    user = get_user_model().objects.create_user("ann", "ann@example.test")
    browser.force_login(user)
    post(browser, "/attention/consent/", choice="remember")
    shopper_id = Shopper.objects.get(user=user).pk
    other = new_shopper(site)
    history.rows[shopper_id] = 3
    subject = subjects_of(shopper_id)[0]
    assert [str(shopper_id) in everything_stored(), subject in everything_stored()] == [True, True]

    post(browser, "/attention/rights/erase/")
    finish_due_erasures()

    stored = everything_stored()
    assert not [trace for trace in traces_of(shopper_id)[:2] if trace in stored]
    left = Decision.objects.filter(subject=subject)
    assert [row.kind for row in left] == ["granted", "erased"]
    ring = keys.keyring().keys
    known = Shopper.objects.values_list("pk", flat=True)
    reachable = {keys.pseudonym_with(key, "ledger", "", each) for key in ring for each in known}
    assert subject not in reachable
    around = [str(user.pk), "ann", "ann@example.test", user.username]
    assert not [row for row in left for word in around if word in (row.actor, row.source)]
    assert [row.details for row in left] == [{}, {}]
    assert verify().rows == 3
    assert traces_of(other.pk)[0] in stored


def test_a_person_is_found_under_every_key_until_it_is_destroyed(
    site: Site, settings: Settings
) -> None:
    own = settings.ATTENTION_CONSENT
    old, new = keys.generate("old"), keys.generate("new")
    settings.ATTENTION_CONSENT = {**own, "KEYS": [old]}
    shopper = new_shopper(site)
    settings.ATTENTION_CONSENT = {**own, "KEYS": [new, old]}
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    found = Decision.objects.filter(subject__in=subjects_of(shopper.pk))
    assert [row.kid for row in found.order_by("sequence")] == ["old", "new"]
    settings.ATTENTION_CONSENT = {**own, "KEYS": [new]}
    found = Decision.objects.filter(subject__in=subjects_of(shopper.pk))
    assert [row.kid for row in found] == ["new"]
    assert verify().rows == 2
