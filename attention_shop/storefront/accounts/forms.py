"""Forms of the account pages; the email address is the name to sign in with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AuthenticationForm, BaseUserCreationForm
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Email, or the user name of an older account, and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Email")

    def clean_username(self) -> str:
        """Emails are kept in lower case; other names as they are."""
        name: str = self.cleaned_data["username"]
        return name.lower() if "@" in name else name


class RegisterForm(BaseUserCreationForm):
    """A new account."""

    first_name = forms.CharField(
        label=_("Name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=150,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    class Meta:
        model = User
        fields = ("first_name", "email")

    def clean_email(self) -> str:
        """Refuse an email that already has an account."""
        email: str = self.cleaned_data["email"].lower()
        if get_user_model().objects.filter(username=email).exists():
            raise forms.ValidationError(_("There is already an account with this email."))
        return email

    def save(self, commit: bool = True) -> User:
        """Create the account; its user name is the email."""
        user: User = super().save(commit=False)
        user.username = self.cleaned_data["email"]
        if commit:
            user.save()
        return user


class ProfileForm(forms.ModelForm):
    """The name the shop calls a person by."""

    class Meta:
        model = User
        fields = ("first_name", "last_name")
        labels = {"first_name": _("First name"), "last_name": _("Last name")}
