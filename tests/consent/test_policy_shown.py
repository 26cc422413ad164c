"""A decision counts on the text that was shown, and on no other."""

from __future__ import annotations

import pytest
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone, translation

from consent.circumstances import circumstances_of
from consent.decisions import grant
from consent.gate import RefusalReason
from consent.models import Decision, PolicyVersion, Shopper
from consent.policies.fence import PolicyOutdated
from consent.policies.selectors import current_policy
from consent.policies.services import PolicyUnchanged
from consent.purposes import BANNER_PURPOSES
from tests.consent.policy_support import CHOOSE, STATE, accept, page, publish, refusals
from tests.consent.support import OWN, History, of_page, request_of

pytestmark = pytest.mark.django_db


def test_nothing_is_granted_on_a_text_that_was_replaced(
    browser: Client, site: Site, history: History
) -> None:
    old = current_policy(site_id=site.pk)
    shopper = accept(browser)
    history.rows[shopper.pk] = 7
    publish(site, is_material=True)
    stranger = Client(headers=OWN)
    rows = Decision.objects.count()

    for choice in ("remember", "visit"):
        for each in (browser, stranger):
            form = of_page(each, {"choice": choice, "shown": "1-en"})
            response = each.post(CHOOSE, form)
            assert response["Location"] == "/attention/preferences/?outdated"
            assert not response.cookies
            answer = each.post(CHOOSE, form, content_type="application/json")
            assert answer.status_code == 409
    form = {"action": "purposes", "purposes": ["analytics"], "shown": "1-en"}
    assert browser.post("/attention/preferences/", of_page(browser, form)).status_code == 409
    with pytest.raises(PolicyOutdated):
        grant(
            shopper_id=shopper.pk,
            purposes=BANNER_PURPOSES,
            policy=old,
            how=circumstances_of(request_of(), "test"),
        )

    assert Decision.objects.count() == rows
    assert refusals(shopper) == {RefusalReason.POLICY}
    assert history.rows[shopper.pk] == 7
    assert Shopper.objects.count() == 1
    assert "has changed since you opened" in stranger.get("/attention/preferences/?outdated").text


def test_a_no_counts_whatever_text_it_was_given_on(browser: Client, site: Site) -> None:
    publish(site, is_material=True)
    response = browser.post(CHOOSE, {"choice": "off", "shown": "1-en"})
    assert response.cookies["attention_choice"].value == f"2-{timezone.now():%Y%m}"
    assert browser.get(STATE).json()["level"] == "off"


def test_the_text_shown_is_the_one_recorded(browser: Client, site: Site) -> None:
    publish(site, is_material=False)
    browser.post(CHOOSE, {"choice": "remember", "shown": "1-zh-hans"})
    row = Decision.objects.get()
    shown = PolicyVersion.objects.get(number=1, language="zh-hans")
    assert (row.policy, row.language) == (shown.hash, "zh-hans")


@pytest.mark.parametrize("shown", ["9-en", "1-fr", "1", "en", "0-en", "x" * 40, "1-en\x00", "-"])
def test_a_text_that_never_was_is_a_clear_400(browser: Client, site: Site, shown: str) -> None:
    response = browser.post(CHOOSE, {"choice": "remember", "shown": shown})
    assert response.status_code == 400
    assert not Shopper.objects.exists()


def test_the_same_texts_are_not_published_twice(site: Site) -> None:
    publish(site, is_material=False)
    with pytest.raises(PolicyUnchanged):
        publish(site, is_material=False)
    assert PolicyVersion.objects.latest("number").number == 2
    publish(site, is_material=True)
    assert PolicyVersion.objects.latest("number").number == 3


def test_default_texts_are_there_in_both_languages(browser: Client, site: Site) -> None:
    assert set(PolicyVersion.objects.values_list("number", "language")) == {
        (1, "en"),
        (1, "zh-hans"),
    }
    with translation.override("zh-hans"):
        assert "本店" in page(Client(headers=OWN))
    html = browser.get("/attention/policy/", headers={"Accept-Language": "zh-CN"}).text
    assert "除非您同意" in html
    assert '<article class="attn-page" lang="zh-hans">' in html
