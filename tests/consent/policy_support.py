"""Publish texts, and see what the tags show of them, for the tests of policies."""

from __future__ import annotations

from django.contrib.sites.models import Site
from django.template import Context, Template
from django.test import Client

from consent.gate import Refusal, RefusalReason, permit_shopper
from consent.models import PolicyVersion, Shopper
from consent.policies.services import publish_policy
from consent.purposes import BANNER_PURPOSES
from tests.consent.support import request_of

CHOOSE, STATE = "/attention/consent/", "/attention/consent/state/"
TEXTS = {
    "en": {"title": "New title", "notice": "New notice.", "body": "New body."},
    "zh-hans": {"title": "新标题", "notice": "新通知。", "body": "新正文。"},
}


def publish(site: Site, *, is_material: bool, word: str = "") -> PolicyVersion:
    texts = {language: {**text, "body": text["body"] + word} for language, text in TEXTS.items()}
    return publish_policy(site=site, texts=texts, is_material=is_material)[0]


def accept(browser: Client) -> Shopper:
    assert browser.post(CHOOSE, {"choice": "remember"}).status_code == 303
    return Shopper.objects.latest("created_at")


def page(browser: Client) -> str:
    """What the tags put on a page of this browser."""
    request = request_of()
    request.COOKIES.update({name: each.value for name, each in browser.cookies.items()})
    del request.visitor  # type: ignore[attr-defined]
    text = "{% load attention_consent %}{% privacy_control %}{% consent_banner %}"
    return Template(text).render(Context({"request": request}))


def refusals(shopper: Shopper) -> set[RefusalReason | None]:
    answers = [permit_shopper(shopper.pk, purpose) for purpose in BANNER_PURPOSES]
    return {answer.reason if isinstance(answer, Refusal) else None for answer in answers}
