"""Check what the pages of the rights send."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.rights.people import normal_mail

DOCUMENT_LIMIT = 65_536


class CorrectionForm(forms.Form):
    """What is wrong and what is right, for staff to correct."""

    detail = forms.CharField(
        label=_("What is wrong, and what is right?"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "attn-input"}),
    )
    mail = forms.EmailField(
        label=_("Where to answer (your account's address if left empty)"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "attn-input"}),
    )


class GuestForm(forms.Form):
    """The address somebody ordered with."""

    mail = forms.EmailField(
        label=_("Mail address of your order"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "attn-input"}),
    )

    def clean_mail(self) -> str:
        return normal_mail(self.cleaned_data["mail"])


class VerifyForm(forms.Form):
    """A signed document, pasted or as a file; its signature where that is a file of its own."""

    text = forms.CharField(
        label=_("Paste the document"),
        required=False,
        max_length=DOCUMENT_LIMIT,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "attn-input", "spellcheck": "false"}),
    )
    document = forms.FileField(label=_("or choose its file"), required=False)
    signature = forms.FileField(
        label=_("and its signature, if that is a file of its own (.sig)"), required=False
    )
