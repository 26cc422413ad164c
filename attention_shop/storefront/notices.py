"""Short messages carried over a redirect by a code in the address.

Django's messages would need a cookie or a session, which a visitor who agreed to nothing must not
get; a code from a closed table needs neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

PARAMETER = "notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person reads, and whether it is bad news."""

    text: Promise
    is_problem: bool = False


NOTICES: dict[str, Notice] = {
    "basket-added": Notice(_("Added to your basket.")),
    "basket-changed": Notice(_("Your basket is up to date.")),
    "basket-removed": Notice(_("Removed from your basket.")),
    "basket-full": Notice(_("That is as many as one order can hold."), is_problem=True),
    "basket-empty": Notice(_("Your basket is empty."), is_problem=True),
    "unavailable": Notice(_("This product cannot be had at the moment."), is_problem=True),
    "other-currency": Notice(
        _("This product is sold in another currency than the rest of your basket."),
        is_problem=True,
    ),
    "favorite-kept": Notice(_("Kept among your favorites.")),
    "favorite-dropped": Notice(_("No longer among your favorites.")),
    "favorites-full": Notice(_("Sign in to keep more favorites."), is_problem=True),
    "hidden": Notice(_("You will not be recommended this again.")),
    "less-like-this": Notice(_("You will see less of this kind.")),
    "not-remembered": Notice(
        _(
            "The shop keeps nothing about you, so it cannot remember this. "
            "You decide under Privacy."
        ),
        is_problem=True,
    ),
    "shared": Notice(_("Copy the address of this page to share it.")),
    "review-thanks": Notice(_("Thank you for your review.")),
    "review-buyers": Notice(_("Reviews are written by people who bought it."), is_problem=True),
    "comment-thanks": Notice(_("Your comment is published.")),
    "complaint-thanks": Notice(_("Thank you. The shop has received your complaint.")),
    "stars-missing": Notice(_("Please choose from one to five stars."), is_problem=True),
    "text-missing": Notice(_("Please write a few words first."), is_problem=True),
    "returned": Notice(_("Your return is registered.")),
    "return-refused": Notice(_("This cannot be returned."), is_problem=True),
    "profile-saved": Notice(_("Your details are saved.")),
    "password-saved": Notice(_("Your password is changed.")),
    "account-closed": Notice(_("Your account is closed and what it held is deleted.")),
    "welcome": Notice(_("Welcome. Your account is ready.")),
    "signed-out": Notice(_("You are signed out.")),
}


def notice_of(request: HttpRequest) -> Notice | None:
    """The notice this address carries; None for no code or an unknown one."""
    return NOTICES.get(request.GET.get(PARAMETER, ""))


def redirect_with(url: str, code: str) -> HttpResponseRedirect:
    """Redirect to ``url`` carrying the notice ``code`` in place of any it had."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name != PARAMETER]
    return HttpResponseRedirect(
        urlunsplit(parts._replace(query=urlencode([*query, (PARAMETER, code)])))
    )


def next_url(request: HttpRequest, fallback: str) -> str:
    """The posted ``next`` when it stays in this shop, else ``fallback``."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else fallback
