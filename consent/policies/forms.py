"""Check the texts of the next policy version."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.sites.models import Site
from django.utils.translation import gettext_lazy as _

from consent.policies.models import PolicyVersion
from consent.policies.services import FIELDS


class TextForm(forms.Form):
    """The texts in one language."""

    title = forms.CharField(
        label=_("Title"), max_length=200, widget=forms.TextInput(attrs={"size": 80})
    )
    notice = forms.CharField(
        label=_("The sentence of the banner"),
        widget=forms.Textarea(attrs={"cols": 90, "rows": 4}),
    )
    body = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"cols": 90, "rows": 18}))


class PublishForm(forms.Form):
    """What is said of the version as a whole.

    ``base`` is the number of the version the editor began with: when another was published in
    between, its words would be lost.
    """

    base = forms.IntegerField(widget=forms.HiddenInput)
    is_material = forms.BooleanField(
        label=_("Material change: more is asked for, or something means something else"),
        help_text=_(
            "Everything people allowed rests until they decide again, and everybody is asked anew."
        ),
        required=False,
    )


class NextVersion:
    """The forms of the next version of a site: one for the whole, one for each language.

    Languages are those of the current version and those of ``LANGUAGES``; of the latter, one
    without a text so far may stay empty.
    """

    def __init__(self, site: Site, data: Any = None) -> None:
        versions = list(PolicyVersion.objects.for_site(site).order_by("-number", "language"))
        self.number = versions[0].number if versions else 0
        current = {each.language: each for each in versions if each.number == self.number}
        self.site = site
        self.current = current
        self.whole = PublishForm(data, initial={"base": self.number})
        names = {code.lower(): str(name) for code, name in settings.LANGUAGES}
        self.texts = {
            language: TextForm(
                data,
                prefix=language,
                empty_permitted=language not in current,
                use_required_attribute=False,
                initial={field: getattr(current[language], field) for field in FIELDS}
                if language in current
                else None,
            )
            for language in sorted({*current, *names})
        }
        self.names = {language: names.get(language, language) for language in self.texts}

    def is_valid(self) -> bool:
        """Check every form, and that nobody published in between."""
        forms_are_valid = all([self.whole.is_valid(), *(f.is_valid() for f in self.texts.values())])
        if self.whole.is_bound and self.whole.cleaned_data.get("base") != self.number:
            message = _("Another version was published since you began. Please begin again.")
            self.whole.add_error(None, message)
            return False
        return forms_are_valid

    def cleaned_texts(self) -> dict[str, dict[str, str]]:
        """Return the texts of valid forms, by language; a language left empty is not there."""
        return {
            language: {field: _plain(form.cleaned_data[field]) for field in FIELDS}
            for language, form in self.texts.items()
            if form.cleaned_data.get("title")
        }


def _plain(text: str) -> str:
    """Browsers send lines with a carriage return; the settings' texts have none."""
    return text.replace("\r\n", "\n")
