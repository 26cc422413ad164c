"""Nothing is stored of an interest after its removal committed, however many write at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Barrier, Thread
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpRequest

from recommender.events.kinds import Kind
from recommender.events.models import Event
from recommender.events.services import record
from recommender.interests.services import allow, pause, remove

Person = Callable[..., HttpRequest]
WRITERS = 4


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.deep)])
def test_no_event_survives_a_removal(
    rounds: int, shop: SimpleNamespace, remembered: Person
) -> None:
    # Given several writers of one person's views
    request = remembered((Kind.VIEW, "green"))
    shopper = request.shopper.pk

    for _ in range(rounds):
        together, failures = Barrier(WRITERS + 1), list[BaseException]()

        def write(gate: Barrier = together, failed: list[BaseException] = failures) -> None:
            try:
                gate.wait()
                for _ in range(8):
                    record(request=request, kind=Kind.VIEW, product_key="green")
                    record(request=request, kind=Kind.VIEW, product_key="cast")
            except BaseException as error:  # noqa: BLE001  told by the test
                failed.append(error)
            finally:
                connection.close()

        writers = [Thread(target=write) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()

        # When the interest is removed in the middle
        together.wait()
        time.sleep(0.02)
        remove(shopper_id=shopper, category_id=shop.tea)
        left = Event.rows.filter(shopper_id=shopper, product__category=shop.tea).count()
        for writer in writers:
            writer.join()

        # Then none of it is held, neither then nor when the last writer is through
        assert failures == []
        assert left == 0
        assert not Event.rows.filter(shopper_id=shopper, product__category=shop.tea).exists()
        assert Event.rows.filter(shopper_id=shopper, product__category=shop.pots).exists()
        allow(shopper_id=shopper, category_id=shop.tea)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_makes_one_choice(shop: SimpleNamespace, remembered: Person) -> None:
    request = remembered((Kind.VIEW, "green"))
    together, answers = Barrier(2), list[bool]()

    def click() -> None:
        together.wait()
        answers.append(pause(shopper_id=request.shopper.pk, category_id=shop.tea))
        connection.close()

    clicks = [Thread(target=click) for _ in range(2)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()

    assert sorted(answers) == [False, True]
