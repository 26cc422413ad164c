"""A restriction against collection, and one link pressed by several at once, with threads."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction

from consent import decisions, gate
from consent.decisions import Circumstances
from consent.holdings import Guest
from consent.ledger.verify import verify
from consent.models import ChoiceCount, DataRequest
from consent.people.counts import count_choice
from consent.purposes import Purpose
from consent.rights.services import ask_by_mail, prove
from tests.consent.support import new_shopper

WRITERS = 4


def together(work: Callable[[], None], number: int) -> list[threading.Thread]:
    """Start threads that each close their connection."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


def collected() -> int:
    return sum(ChoiceCount.objects.filter(choice="seen").values_list("count", flat=True))


@pytest.mark.django_db(transaction=True)
def test_nothing_is_collected_after_the_commit_of_a_restriction() -> None:
    # Given writers that collect of one person as a sink does
    shopper_id: uuid.UUID = new_shopper(Site.objects.get(pk=1)).pk
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            with transaction.atomic():
                if gate.lock_permits([shopper_id], Purpose.ANALYTICS)[shopper_id]:
                    count_choice(site_id=1, choice="seen")
            stop.wait(0.002)

    threads = together(collect, WRITERS)
    try:
        while not collected() and any(thread.is_alive() for thread in threads):
            stop.wait(0.002)

        # When the person restricts the use
        how = Circumstances(actor="shopper", source="rights")
        assert decisions.restrict(shopper_id=shopper_id, how=how)
        at_commit = collected()
        stop.wait(0.05)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)

    # Then not one more was collected
    assert at_commit > 0
    assert collected() == at_commit
    assert verify()


@pytest.mark.django_db(transaction=True)
def test_a_link_pressed_by_several_at_once_opens_once(kept: Any) -> None:
    guest = Guest(1, "eve@example.com")
    kept[guest] = [{"number": "A1"}]
    asked = ask_by_mail(site_id=1, address=guest.mail)
    opened: list[Guest | None] = []

    threads = together(lambda: opened.append(prove(request_id=asked.pk)), 6)
    for thread in threads:
        thread.join(30)

    assert len(opened) == 6
    assert [each for each in opened if each is not None] == [guest]
    assert DataRequest.objects.get().state == "done"
