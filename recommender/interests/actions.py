"""What a person can do about what was learned of them, as forms name it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from django.http import HttpRequest

from consent.cookies import plain_request
from recommender.events.forgetting import forget_product
from recommender.interests import services
from recommender.interests.services import NothingHeldError, Weight

Action = Callable[[UUID | None, HttpRequest], None]

NO_CATEGORY = "none"
"""What a form says for products without a category."""


def _about_category(
    service: Callable[..., bool], shopper_id: UUID | None, request: HttpRequest
) -> None:
    service(shopper_id=_known(shopper_id), category_id=_category(request))


def _about_all(service: Callable[..., int], shopper_id: UUID | None, request: HttpRequest) -> None:
    service(shopper_id=_known(shopper_id))


def _forget(shopper_id: UUID | None, request: HttpRequest) -> None:
    product = plain_request(request).POST.get("product", "")
    if not product:
        raise ValueError("A product is needed.")
    forget_product(request=request, product_key=product)


def _known(shopper_id: UUID | None) -> UUID:
    if shopper_id is None:
        raise NothingHeldError("Nothing is recorded of this person.")
    return shopper_id


def _category(request: HttpRequest) -> int | None:
    text = plain_request(request).POST.get("category", "")
    if text == NO_CATEGORY:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ValueError("A category is needed.")
    return int(text)


ACTIONS: Mapping[str, Action] = {
    "less": partial(_about_category, partial(services.change_weight, weight=Weight.LESS)),
    "normal": partial(_about_category, partial(services.change_weight, weight=Weight.NORMAL)),
    "more": partial(_about_category, partial(services.change_weight, weight=Weight.MORE)),
    "pause": partial(_about_category, services.pause),
    "resume": partial(_about_category, services.resume),
    "remove": partial(_about_category, services.remove),
    "allow": partial(_about_category, services.allow),
    "reset": partial(_about_all, services.reset),
    "start_over": partial(_about_all, services.start_over),
    "forget": _forget,
}
"""Each takes the shopper, if there is one, and the form; raises ``ValueError`` for nonsense."""
