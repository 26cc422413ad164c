"""Events and the mirror in the admin: enough to run a shop, nothing to browse people by."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpRequest
from django.test import Client

from consent.models import Access
from recommender.catalog.models import Category, Merchant
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.kinds import Kind
from recommender.events.models import Event, KindWeight
from recommender.events.records import Cause
from recommender.events.refusals import count_refusals
from recommender.events.services import record

pytestmark = pytest.mark.django_db

REASON = "The person asked about an order."
PREFIX = "/admin/attention_recommender"
Remembered = Callable[..., HttpRequest]


def test_a_shopper_is_found_by_the_whole_key_alone(
    shop: SimpleNamespace, remembered: Remembered, admin_client: Client
) -> None:
    shopper = remembered().shopper
    url = f"{PREFIX}/shopperevents/"

    part = admin_client.get(url, {"q": str(shopper.pk)[:13]})
    nothing = admin_client.get(url)
    whole = admin_client.get(url, {"q": str(shopper.pk)})

    assert list(part.context["cl"].result_list) == []
    assert list(nothing.context["cl"].result_list) == []
    assert [row.pk for row in whole.context["cl"].result_list] == [shopper.pk]


def test_a_shoppers_events_are_shown_newest_first_in_pages(
    shop: SimpleNamespace, remembered: Remembered, admin_client: Client, monkeypatch: Any
) -> None:
    monkeypatch.setattr("recommender.events.admin.PAGE", 2)
    request = remembered()
    for key in ("tea", "cup", "pot"):
        record(request=request, kind=Kind.VIEW, product_key=key)
    record(request=remembered(), kind=Kind.VIEW, product_key="pot")
    url = f"{PREFIX}/shopperevents/{request.shopper.pk}/change/"

    closed = admin_client.get(url)
    first = admin_client.post(url, {"reason": REASON})
    second = admin_client.post(url, {"reason": REASON, "before": first.context["events_before"]})

    assert "events" not in closed.context
    assert "3 events are held" in closed.content.decode()
    assert not re.search("Tea|Cup|Pot", closed.content.decode())
    assert [event.product.host_key for event in first.context["events"]] == ["pot", "cup"]
    assert [event.product.host_key for event in second.context["events"]] == ["tea"]
    assert first.context["events_total"] == 3
    assert second.context["events_before"] is None
    assert first["Cache-Control"] == "private, no-store"
    assert [row.fields for row in Access.objects.all()] == [["attention_recommender.events"]] * 2


def test_a_page_of_events_takes_few_queries(
    shop: SimpleNamespace,
    remembered: Remembered,
    admin_client: Client,
    django_assert_max_num_queries: Any,
) -> None:
    request = remembered()
    for _ in range(10):
        record(request=request, kind=Kind.VIEW, product_key="tea")

    with django_assert_max_num_queries(20):
        admin_client.post(
            f"{PREFIX}/shopperevents/{request.shopper.pk}/change/", {"reason": REASON}
        )


def test_events_need_their_permission_and_change_nothing(
    shop: SimpleNamespace, remembered: Remembered, client: Client
) -> None:
    request = remembered()
    record(request=request, kind=Kind.VIEW, product_key="tea")
    staff = User.objects.create_user("staff", is_staff=True)
    client.force_login(staff)
    url = f"{PREFIX}/shopperevents/{request.shopper.pk}/change/"

    assert client.get(url).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_shopperevents"))
    page = client.get(url)
    assert page.status_code == 200
    assert "Open and record" not in page.content.decode()
    assert client.post(url, {"reason": REASON}).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_personal_data"))
    assert "events" not in client.post(url, {"reason": "why"}).context
    assert not Access.objects.exists()
    assert client.post(url.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert Event.rows.count() == 1


@pytest.mark.parametrize("object_id", ["00000000-0000-7000-8000-000000000000", "seven"])
def test_an_unknown_shopper_is_no_error(object_id: str, site: Any, admin_client: Client) -> None:
    response = admin_client.get(f"{PREFIX}/shopperevents/{object_id}/change/")

    assert response.status_code == 302


LISTS = [
    "category",
    "product",
    "merchant",
    "merchantmember",
    "kindweight",
    "refusalcount",
]


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_as_many_queries_for_many_rows_as_for_few(
    name: str, shop: SimpleNamespace, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    mirror_products(
        site=shop.site,
        records=[
            ProductRecord(key=f"p{n}", title=f"P{n}", merchant_key=f"m{n}") for n in range(30)
        ],
    )
    for kind in Kind:
        KindWeight.objects.create(site=shop.site, kind=kind.code, weight=1)
    count_refusals(site_id=shop.site.pk, causes=dict.fromkeys(Cause, 1))

    with django_assert_max_num_queries(22):
        response = admin_client.get(f"{PREFIX}/{name}/")

    assert response.status_code == 200


def test_flagging_a_category_takes_its_products_out(
    shop: SimpleNamespace, admin_client: Client
) -> None:
    category = shop.categories["kitchen"]
    url = f"{PREFIX}/category/{category.pk}/change/"

    response = admin_client.post(url, {"is_flagged_here": "on"})

    assert response.status_code == 302
    assert Category.objects.get(pk=category.pk).sensitive


def test_the_mirror_is_not_edited_here(shop: SimpleNamespace, admin_client: Client) -> None:
    product = shop.products["tea"]

    admin_client.post(f"{PREFIX}/product/{product.pk}/change/", {"title": "Mine"})

    product.refresh_from_db()
    assert product.title == "Tea"
    assert admin_client.get(f"{PREFIX}/product/add/").status_code == 403
    assert admin_client.post(f"{PREFIX}/product/{product.pk}/delete/").status_code == 403


def test_a_weight_cannot_be_negative(site: Any, admin_client: Client) -> None:
    response = admin_client.post(
        f"{PREFIX}/kindweight/add/", {"site": site.pk, "kind": Kind.VIEW.code, "weight": "-1"}
    )

    assert response.status_code == 200
    assert not KindWeight.objects.exists()


def test_a_merchant_gets_its_members(site: Any, admin_client: Client, admin_user: User) -> None:
    merchant = Merchant.objects.create(site=site, host_key="m", name="M")

    response = admin_client.post(
        f"{PREFIX}/merchantmember/add/",
        {"merchant": merchant.pk, "user": admin_user.pk, "role": "owner"},
    )

    assert response.status_code == 302
    assert merchant.members.get().user == admin_user


def test_products_are_taken_over_again_by_an_action(
    shop: SimpleNamespace, admin_client: Client, monkeypatch: Any
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(
        "recommender.catalog.admin.sync_host_product",
        lambda site, host_key: asked.append(host_key),
    )

    admin_client.post(
        f"{PREFIX}/product/",
        {"action": "refresh", "_selected_action": [shop.products["tea"].pk]},
    )

    assert asked == ["tea"]
