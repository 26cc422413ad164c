"""Check what the pages of this floor send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from consent.conf import consent_settings
from consent.cookies import plain_request
from consent.policies.models import PolicyVersion
from consent.policies.selectors import shown_policy
from consent.purposes import Purpose
from consent.visitor import Level

CHOICES = [Level.REMEMBER.value, Level.VISIT.value, Level.OFF.value]


class ShownForm(forms.Form):
    """What was shown: the version and language of the text, where the form says it."""

    shown = forms.CharField(required=False, max_length=32)

    def __init__(self, *args: Any, site_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.site_id = site_id

    def clean_shown(self) -> PolicyVersion | None:
        given = self.cleaned_data["shown"]
        policy = shown_policy(site_id=self.site_id, shown=given) if given else None
        if given and policy is None:
            raise forms.ValidationError("There is no such version.")
        return policy


class ChoiceForm(ShownForm):
    """One of the three levels."""

    choice = forms.ChoiceField(choices=[(choice, choice) for choice in CHOICES])


class PurposesForm(ShownForm):
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


def see_other(url: str) -> HttpResponseRedirect:
    """Return the answer to a form: go on with GET at ``url``."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
