"""What each field of a person's own records means, for the copy they take along."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

_PLACE = {
    "name": _("name of who receives it"),
    "email": _("mail address"),
    "street": _("street and number"),
    "postal_code": _("postal code"),
    "city": _("city"),
    "country": _("country"),
}

_WORDS = {
    "product": _("product number"),
    "text": _("what you wrote"),
    "at": _("when you wrote it"),
}

FIELDS = {
    "attention_storefront.account": {
        "username": _("the name you log in with"),
        "email": _("mail address"),
        "first_name": _("first name"),
        "last_name": _("last name"),
        "date_joined": _("when the account was made"),
        "last_login": _("when you last logged in"),
    },
    "attention_storefront.orders": {
        "number": _("order number"),
        "placed_at": _("when it was placed"),
        **_PLACE,
        "currency": _("currency of the amounts"),
        "total_micros": _("total in millionths of the currency"),
        "lines": _("products with number of pieces and unit price in millionths"),
    },
    "attention_storefront.addresses": _PLACE,
    "attention_storefront.basket": {"lines": _("products and number of pieces")},
    "attention_storefront.favorites": {
        "product": _("product number"),
        "since": _("kept since"),
    },
    "attention_storefront.reviews": {**_WORDS, "stars": _("stars from one to five")},
    "attention_storefront.comments": _WORDS,
    "attention_storefront.complaints": _WORDS,
}
