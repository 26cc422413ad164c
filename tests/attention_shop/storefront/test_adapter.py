from __future__ import annotations

from datetime import timedelta

from django.contrib.sites.models import Site
from django.test import Client, RequestFactory
from django.utils import timezone

from attention_shop.storefront.adapter import StorefrontAdapter
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.orders.models import OrderLine
from recommender.catalog.adapter import HostAdapter, TellsCategories
from recommender.catalog.records import CategoryRecord, Offer, SoldUnits
from tests.attention_shop.storefront.support import MakeProduct, PlaceOrder


def test_the_adapter_keeps_its_promises() -> None:
    assert isinstance(StorefrontAdapter(), HostAdapter)
    assert isinstance(StorefrontAdapter(), TellsCategories)


def test_offers_are_todays(make_product: MakeProduct) -> None:
    make_product("mug", stock=1)
    make_product("gone", stock=0)
    make_product("on-request", price_micros=None)
    make_product("hidden", is_listed=False, currency="EUR")
    keys = ["mug", "gone", "on-request", "hidden", "unknown"]

    offers = StorefrontAdapter().offers(request=RequestFactory().get("/"), keys=keys)

    assert offers == {
        "mug": Offer(key="mug", is_available=True, price_micros=12_500_000),
        "gone": Offer(key="gone", is_available=False, price_micros=12_500_000),
        "on-request": Offer(key="on-request", is_available=False, price_micros=None),
        "hidden": Offer(key="hidden", is_available=False, price_micros=12_500_000, currency="EUR"),
    }
    assert StorefrontAdapter().offers(request=None, keys=keys) == offers


def test_offers_cost_one_query(make_product: MakeProduct, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    keys = [make_product(f"p{number}").sku for number in range(8)]
    Site.objects.get_current()

    with django_assert_num_queries(1):
        StorefrontAdapter().offers(request=None, keys=keys)


def test_categories_are_told_with_their_parents(make_product: MakeProduct, site: Site) -> None:
    make_product("mug")

    told = StorefrontAdapter().categories(site=site)

    assert told == [
        CategoryRecord(key="kitchen", name="Kitchen"),
        CategoryRecord(key="coffee", name="Coffee", parent_key="kitchen"),
    ]


def test_sales_name_products_and_no_person(
    browser: Client, make_product: MakeProduct, fill_and_order: PlaceOrder, site: Site
) -> None:
    # Given three mugs and a pot sold today, another pot sent back, and old sales
    make_product("mug")
    make_product("pot")
    fill_and_order(browser, "mug", "mug", "pot")
    fill_and_order(browser, "mug")
    fill_and_order(browser, "pot")
    OrderLine.objects.filter(order__lines__sku="pot", order__goods_micros=12_500_000).update(
        returned_at=timezone.now()
    )

    sold = StorefrontAdapter().sales(site=site, since=timezone.now() - timedelta(hours=1))

    assert list(sold) == [SoldUnits(key="mug", units=3), SoldUnits(key="pot", units=1)]
    assert list(StorefrontAdapter().sales(site=site, since=timezone.now())) == []


def test_the_basket_is_told_in_its_order(browser: Client, make_product: MakeProduct) -> None:
    for sku in ("mug", "pot"):
        make_product(sku)
        browser.post("/basket/add/", {"product": sku})

    request = browser.get("/basket/").wsgi_request

    assert StorefrontAdapter().basket_keys(request=request) == ("mug", "pot")


def test_saving_and_deleting_a_product_reaches_the_mirror(
    make_product: MakeProduct,
    site: Site,
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    from recommender.catalog.models import Product as Mirrored

    with django_capture_on_commit_callbacks(execute=True):
        mug = make_product("mug")
    assert Mirrored.objects.get(host_key="mug").title == "Thing mug"

    with django_capture_on_commit_callbacks(execute=True):
        mug.title = "Better mug"
        mug.save()
    assert Mirrored.objects.get(host_key="mug").title == "Better mug"

    with django_capture_on_commit_callbacks(execute=True):
        Product.objects.get(sku="mug").delete()
    assert Mirrored.objects.get(host_key="mug").is_listed is False


def test_a_mirror_that_fails_does_not_stop_the_shop(
    make_product: MakeProduct,
    monkeypatch,  # type: ignore[no-untyped-def]
    caplog,  # type: ignore[no-untyped-def]
    django_capture_on_commit_callbacks,  # type: ignore[no-untyped-def]
) -> None:
    from attention_shop.storefront import mirroring

    def broken(**kwargs: object) -> None:
        raise RuntimeError("no mirror today")

    monkeypatch.setattr(mirroring, "sync_host_product", broken)

    with django_capture_on_commit_callbacks(execute=True):
        make_product("mug")

    assert Product.objects.filter(sku="mug").exists()
    assert "could not be brought up to date" in caplog.text
