"""People of the demo who decide, ask and are answered: each acts as anybody could in the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.sites.models import Site
from django.utils import timezone, translation

from attention_shop.demo.browser import Browser
from attention_shop.demo.texts import second_version
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.management.commands.demo_accounts import OFFICER, SHOPPER
from consent.holdings import Account
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy
from consent.policies.services import publish_policy
from consent.purposes import Purpose
from consent.rights import answers
from consent.rights.models import DataRequest, Door
from consent.rights.people import Person
from consent.rights.services import ask_correction
from consent.selectors import account_shopper
from consent.staff.services import open_record

ADDRESS = {
    "full_name": "Robin Vale",
    "email": SHOPPER,
    "street": "12 Fern Lane",
    "postal_code": "90210",
    "city": "Springfield",
    "country": "USA",
}
GUEST = "guest@example.com"
SHELF, SOUGHT = 24, 2000
NAME = "Fernway"
NEARLY_A_MONTH = timedelta(days=26)
ALL = ("analytics", "recs.personal", "model.train")


@dataclass(frozen=True, slots=True)
class Shop:
    """Where the people act: the site, and some products everybody buys."""

    site: Site
    shelf: Sequence[Product]


def let_people_act(*, site: Site) -> UUID:
    """Name the shop, publish two versions of the text, and let people decide, ask and be answered.

    Needs products and the accounts of ``demo_accounts``. What an interrupted call did is kept:
    the second version is published once, and an account that decided before is left alone.

    Returns:
        The id of the proof of one deletion.
    """
    if site.name == "example.com":
        site.name = NAME
        site.save(update_fields=["name"])
    shop = Shop(site, _popular(site))
    with translation.override("en"):
        current_policy(site_id=site.pk)
        robin = User.objects.get(username=SHOPPER)
        if account_shopper(site_id=site.pk, user=robin) is None:
            _robin_shops(shop, robin)
            _robin_asks(shop, robin)
        _others_decide(shop)
        _guest_orders(shop)
        proof = _somebody_is_erased(shop)
        if not PolicyVersion.objects.for_site(site).filter(number=2).exists():
            publish_policy(site=site, texts=second_version())
        _others_decide_later(shop)
    return proof


def _popular(site: Site) -> list[Product]:
    """The best-selling product of each category, best first."""
    on_sale = Product.objects.listed().filter(site=site, price_micros__isnull=False)
    best: dict[int | None, Product] = {}
    for product in on_sale.exclude(stock=0).order_by("-units_sold", "pk")[:SOUGHT]:
        best.setdefault(product.category_id, product)
    return list(best.values())[:SHELF]


def _robin_shops(shop: Shop, robin: User) -> None:
    """Accept, look around, sign in, bring the history along, change the mind twice, order."""
    browser = Browser()
    browser.choose("remember")
    browser.look_at(shop.shelf[:8])
    browser.sign_in(robin)
    browser.send("attention_consent:preferences", {"action": "link"})
    browser.switch(Purpose.ANALYTICS, Purpose.RECS_PERSONAL)
    browser.switch(*ALL)
    browser.look_at(shop.shelf[4:12])
    for product in shop.shelf[:1]:
        browser.send("attention_storefront:favorite_keep", {"product": product.sku})
        browser.order(product, ADDRESS)
    browser.open("attention_consent:export")


def _robin_asks(shop: Shop, robin: User) -> None:
    """Ask staff three times: one request is done, one refused, one nearly late and looked into."""
    shopper = account_shopper(site_id=shop.site.pk, user=robin)
    assert shopper is not None
    person = Person(
        shop.site.pk, Door.ACCOUNT, shopper.pk, Account(shop.site.pk, robin.pk), mail=robin.email
    )
    done = ask_correction(person=person, detail="My name is Robin Vale, with an e in the end.")
    answers.complete(asked=done, reason="The name of your account is corrected.")
    refused = ask_correction(
        person=person, detail="Please change the date of my order to last week."
    )
    answers.refuse(
        asked=refused,
        reason="The date of an order is kept as it was: tax law asks for it. "
        "You can return the order within 30 days.",
    )
    late = ask_correction(
        person=person,
        detail="I wrote you a letter: my street is 14 Fern Lane, not 12.",
        received_at=timezone.now() - NEARLY_A_MONTH,
    )
    open_record(
        staff=User.objects.get(username=OFFICER),
        shopper_id=shopper.pk,
        fields=["attention_storefront.addresses", "attention_storefront.orders"],
        reason=f"Request {late.reference}: the street of an address is wrong",
    )


def _others_decide(shop: Shop) -> None:
    """Let browsers accept, refuse, stay for a visit, withdraw, restrict and ask."""
    Browser().choose("off")
    Browser().choose("visit")
    withdrawn = Browser()
    withdrawn.choose("remember")
    withdrawn.look_at(shop.shelf[:3])
    withdrawn.choose("off")
    restricted = Browser()
    restricted.choose("remember")
    restricted.look_at(shop.shelf[3:7])
    restricted.send("attention_consent:restrict")
    signalling = Browser(gpc=True)
    signalling.choose("remember")
    signalling.look_at(shop.shelf[7:9])
    asking = Browser()
    asking.choose("remember")
    asking.look_at(shop.shelf[9:12])
    sent = asking.send(
        "attention_consent:correct",
        {
            "detail": "I never looked at a blender; that was my brother.",
            "mail": "asked@example.com",
        },
    )
    reference = parse_qs(urlsplit(sent).query)["reference"][0]
    answers.start(asked=DataRequest.objects.get(reference=reference))


def _guest_orders(shop: Shop) -> None:
    """Buy without an account: whom the door by order mail knows."""
    guest = {**ADDRESS, "full_name": "Sam Reed", "email": GUEST, "street": "3 Mill Road"}
    for product in shop.shelf[1:2]:
        Browser().order(product, guest)


def _somebody_is_erased(shop: Shop) -> UUID:
    """Accept, look around, have everything deleted; return the id of the proof."""
    browser = Browser()
    browser.choose("remember")
    browser.look_at(shop.shelf[12:18])
    sent = browser.send("attention_consent:erase")
    return UUID(parse_qs(urlsplit(sent).query)["proof"][0])


def _others_decide_later(shop: Shop) -> None:
    """Decide on the second version, in both languages."""
    for language in ("en", "zh-hans"):
        browser = Browser(language=language)
        browser.choose("remember")
        browser.look_at(shop.shelf[18:20])
