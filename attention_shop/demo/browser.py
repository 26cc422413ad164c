"""A person's browser on the shop's own pages, for people the demo lets act."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from attention_shop.storefront.catalog.models import Product

_HIDDEN = re.compile(r'<input type="hidden" name="(filling|shown_total)" value="([^"]+)">')


class Browser:
    """Keeps cookies and sends forms as a browser without scripts does.

    Args:
        language: what the person reads, such as ``"zh-hans"``.
        gpc: whether Global Privacy Control is sent.
    """

    def __init__(self, *, language: str = "en", gpc: bool = False) -> None:
        headers = {"sec-fetch-site": "same-origin", "accept-language": language}
        self._client = Client(headers=headers | ({"sec-gpc": "1"} if gpc else {}))

    def sign_in(self, user: User) -> None:
        """Sign in to an account."""
        self._client.force_login(user)

    def choose(self, level: str) -> None:
        """Answer the notice: ``"remember"``, ``"visit"`` or ``"off"``."""
        self.send("attention_consent:choose", {"choice": level, "seen": self._seen()})

    def switch(self, *purposes: str) -> None:
        """Allow exactly these purposes on the preferences page."""
        form = {"action": "purposes", "purposes": purposes, "seen": self._seen()}
        self.send("attention_consent:preferences", form)

    def look_at(self, products: Iterable[Product]) -> None:
        """Open the page of each product."""
        for product in products:
            self._checked("get", product.get_absolute_url())

    def order(self, product: Product, address: Mapping[str, str]) -> None:
        """Buy one of ``product``."""
        self.send("attention_storefront:basket_add", {"product": product.sku})
        page = self._checked("get", reverse("attention_storefront:checkout"))
        hidden = dict(_HIDDEN.findall(page.content.decode()))
        self.send("attention_storefront:checkout", {**address, **hidden})

    def open(self, name: str) -> None:
        """Open a page by its name."""
        self._checked("get", reverse(name))

    def send(self, name: str, form: Mapping[str, Any] | None = None) -> str:
        """Send a form; return where it led.

        Raises:
            RuntimeError: the shop refused it.
        """
        response = self._checked("post", reverse(name), form)
        return str(response.headers.get("Location", ""))

    def _seen(self) -> str:
        """What a form says the person saw of their own choice."""
        state = self._checked("get", reverse("attention_consent:state"))
        return str(state.json()["seen"])

    def _checked(self, method: str, address: str, form: Mapping[str, Any] | None = None) -> Any:
        response = getattr(self._client, method)(address, form)
        if response.status_code >= 400:
            raise RuntimeError(f"{address} answered {response.status_code}.")
        return response
