"""A browser's key is had for nothing: it must not send mail to whomever it likes."""

from __future__ import annotations

import pytest
from django.contrib.sites.models import Site
from django.core import mail
from django.test import Client
from pytest_django import Settings

from consent.models import DataRequest
from tests.consent.support import OWN

CORRECT = "/attention/rights/correct/"

pytestmark = pytest.mark.django_db(transaction=True)


def asks(address: str, network: str = "192.0.2.7") -> str:
    """A new browser accepts, and asks for a correction to be answered at ``address``."""
    browser = Client(headers=OWN, REMOTE_ADDR=network)
    browser.post("/attention/consent/", {"choice": "remember"})
    answer = browser.post(CORRECT, {"detail": "My name is wrong.", "mail": address})
    return str(answer["Location"])


def test_many_browsers_send_one_address_no_more_than_a_few_mails(settings: Settings) -> None:
    Site.objects.get(pk=1)
    own = {"REQUEST_MAIL_LIMIT": 2, "REQUEST_NETWORK_LIMIT": 50}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}

    answers = [asks("victim@example.com", f"192.0.2.{n}") for n in range(4)]
    answers.append(asks("VICTIM@example.com "))

    assert ["done=limit" in each for each in answers] == [False, False, True, True, True]
    assert DataRequest.objects.count() == 2
    assert sum(message.to == ["victim@example.com"] for message in mail.outbox) == 2


def test_one_network_sends_no_mail_to_many_addresses(settings: Settings) -> None:
    own = {"REQUEST_MAIL_LIMIT": 3, "REQUEST_NETWORK_LIMIT": 2}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}

    answers = [asks(f"somebody{n}@example.com") for n in range(3)]

    assert ["done=limit" in each for each in answers] == [False, False, True]
    assert DataRequest.objects.count() == 2


def test_without_an_address_nothing_is_counted_against_a_network(settings: Settings) -> None:
    own = {"REQUEST_NETWORK_LIMIT": 1}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **own}
    assert all("done=correct" in asks("") for _ in range(3))
