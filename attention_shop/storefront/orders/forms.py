"""The checkout form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.orders.services import Destination


def _text(label: Any, length: int, autocomplete: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=length, widget=widget)


class CheckoutForm(forms.Form):
    """Where an order goes. ``shown_total`` is the sum the person saw when they pressed."""

    full_name = _text(_("Full name"), 150, "name")
    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    street = _text(_("Street and number"), 200, "street-address")
    postal_code = _text(_("Postal code"), 20, "postal-code")
    city = _text(_("City"), 120, "address-level2")
    country = _text(_("Country"), 80, "country-name")
    shown_total = forms.IntegerField(widget=forms.HiddenInput())

    def destination(self) -> Destination:
        """The validated address."""
        fields = {name: value for name, value in self.cleaned_data.items() if name != "shown_total"}
        return Destination(**fields)
