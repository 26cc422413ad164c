"""A NUL character is the sender's mistake on both databases, never an error of the shop."""

from __future__ import annotations

import pytest
from django.test import Client

from attention_shop.storefront.models import BasketLine, Complaint
from tests.consent.support import OWN

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address", ["/product/%00/", "/search/?q=te%00a", "/c/kitchen/?brand=%00", "/c/%00/"]
)
def test_an_address_with_a_nul_is_refused(client: Client, address: str) -> None:
    assert client.get(address).status_code in {400, 404}


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/basket/add/", {"product": "a\0", "quantity": "1"}),
        ("/feedback/complaint/", {"product": "a", "text": "bad\0"}),
        ("/feedback/wish/", {"product": "\0", "wish": "hide"}),
    ],
)
def test_a_form_with_a_nul_is_refused_and_nothing_is_kept(
    address: str, form: dict[str, str]
) -> None:
    answer = Client(headers=OWN).post(address, form)

    assert answer.status_code == 400
    assert (BasketLine.objects.count(), Complaint.objects.count()) == (0, 0)
