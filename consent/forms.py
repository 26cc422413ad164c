"""Check what the pages of this floor send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from consent.conf import consent_settings
from consent.cookies import plain_request
from consent.purposes import Purpose
from consent.visitor import Level

CHOICES = [Level.REMEMBER.value, Level.VISIT.value, Level.OFF.value]


class ChoiceForm(forms.Form):
    """One of the three levels."""

    choice = forms.ChoiceField(choices=[(choice, choice) for choice in CHOICES])


class PurposesForm(forms.Form):
    """The switches of a remembered person: the purposes that are on."""

    purposes = forms.MultipleChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purposes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(name, name) for name in consent_settings.OFFERED_PURPOSES]

    def purposes_on(self) -> frozenset[Purpose]:
        """Return the purposes of a valid form."""
        return frozenset(Purpose(name) for name in self.cleaned_data["purposes"])


def safe_next(request: HttpRequest, url: Any, fallback: str) -> str:
    """Return ``url`` if it leads to a page of this host, else ``fallback``."""
    plain = plain_request(request)
    if not isinstance(url, str) or not url.startswith("/"):
        return fallback
    is_safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={plain.get_host()}, require_https=plain.is_secure()
    )
    return url if is_safe and not any(char in url for char in "\r\n") else fallback
