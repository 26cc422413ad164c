"""Ask a member of staff whose data they want to see, which, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.holdings import all_holdings
from consent.staff.services import REASON_LEAST

REASON_HELP = _(
    "The person is shown this reason, your role and the time. Write no names and nothing about "
    "other people."
)


class ReasonForm(forms.Form):
    """Why somebody's data is opened."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_LEAST,
        max_length=300,
        help_text=REASON_HELP,
        widget=forms.TextInput(attrs={"size": 60, "autocomplete": "off"}),
    )


class OpenForm(ReasonForm):
    """Whose data is opened, and which."""

    person = forms.CharField(
        label=_("Person"),
        max_length=254,
        help_text=_("The whole key, or the exact user name or mail address of an account."),
        widget=forms.TextInput(attrs={"size": 60, "autocomplete": "off"}),
    )
    fields_opened = forms.MultipleChoiceField(
        label=_("What to open"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what you need: each is recorded."),
    )
    field_order = ("person", "fields_opened", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["fields_opened"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(holding.label, holding.title) for holding in all_holdings()]
