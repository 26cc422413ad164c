"""Collect the cookies a request decides on, and write them to its response."""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from consent.conf import consent_settings

_ATTRIBUTE = "_attention_cookies"
_CHOICE = re.compile(r"([1-9][0-9]{0,8})-([2-9][0-9]{3})(0[1-9]|1[0-2])")


class Pending(NamedTuple):
    """A cookie to set, or with ``value`` None to delete; ``days`` None: for the session."""

    value: str | None
    days: int | None


def plain_request(request: HttpRequest) -> HttpRequest:
    """Return Django's request, also when given the one REST framework wraps around it."""
    inner = getattr(request, "_request", None)
    return inner if isinstance(inner, HttpRequest) else request


def pending(request: HttpRequest) -> dict[str, Pending]:
    """Return the request's jar, by cookie name; changes to it reach the response."""
    plain = plain_request(request)
    jar: dict[str, Pending] | None = getattr(plain, _ATTRIBUTE, None)
    if jar is None:
        jar = {}
        setattr(plain, _ATTRIBUTE, jar)
    return jar


def set_key(request: HttpRequest, token: str) -> None:
    """Give the browser a key; a note of refusal, a visit and an offer end with it."""
    jar = pending(request)
    jar[consent_settings.KEY_COOKIE] = Pending(token, consent_settings.KEY_DAYS)
    _drop(request, consent_settings.VISIT_COOKIE, consent_settings.CHOICE_COOKIE)
    drop_offer(request)


def set_visit(request: HttpRequest, token: str) -> None:
    """Give the browser the cookie of a visit; a key, an offer and a note of refusal end with it."""
    pending(request)[consent_settings.VISIT_COOKIE] = Pending(token, None)
    _drop(request, consent_settings.KEY_COOKIE, consent_settings.CHOICE_COOKIE)
    drop_offer(request)


def set_off(request: HttpRequest, number: int) -> str:
    """Note a refusal of notice ``number`` this month, drop everything else, return the note."""
    return set_refusal(request, refusal_note(number, timezone.now()))


def set_refusal(request: HttpRequest, note: str) -> str:
    """Give the browser a note of a refusal made elsewhere, drop everything else, return it."""
    days = 31 * consent_settings.REASK_MONTHS
    pending(request)[consent_settings.CHOICE_COOKIE] = Pending(note, days)
    drop_identity(request)
    return note


def refusal_note(number: int, moment: datetime.datetime) -> str:
    """Return the note of a refusal of notice ``number``: its month, no identifier."""
    return f"{number}-{moment:%Y%m}"


def drop_identity(request: HttpRequest) -> None:
    """Take everything but a note of refusal from the browser."""
    _drop(request, consent_settings.KEY_COOKIE, consent_settings.VISIT_COOKIE)
    _drop(request, consent_settings.OFFER_COOKIE, consent_settings.GIFT_COOKIE)


def set_offer(request: HttpRequest, token: str) -> None:
    """Keep a history apart that is offered to the account logged in."""
    pending(request)[consent_settings.OFFER_COOKIE] = Pending(token, consent_settings.KEY_DAYS)


def drop_offer(request: HttpRequest) -> None:
    """Take an offered history from the browser."""
    _drop(request, consent_settings.OFFER_COOKIE)


def drop_key(request: HttpRequest) -> None:
    """Take the key that the request brought from the browser, unless it gets another one."""
    if consent_settings.KEY_COOKIE not in pending(request):
        _drop(request, consent_settings.KEY_COOKIE)


def set_gift(request: HttpRequest, value: str) -> None:
    """Note until the browser closes whether this visit is a gift."""
    pending(request)[consent_settings.GIFT_COOKIE] = Pending(value, None)


def _drop(request: HttpRequest, *names: str) -> None:
    jar = pending(request)
    for name in names:
        jar.pop(name, None)
        if name in request.COOKIES:
            jar[name] = Pending(None, None)


def valid_choice(value: str | None) -> str | None:
    """Return a note of refusal that still holds, or None.

    A note is ``<notice version>-<YYYYMM>`` and holds for ``REASK_MONTHS`` after its month; one
    from the future does not hold.
    """
    match = _CHOICE.fullmatch(value or "")
    if match is None:
        return None
    today = timezone.now().date()
    age = (today.year - int(match[2])) * 12 + today.month - int(match[3])
    return match[0] if 0 <= age <= consent_settings.REASK_MONTHS else None


def write(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Write the collected cookies to the response; return whether there were any."""
    jar: dict[str, Pending] = getattr(request, _ATTRIBUTE, {})
    for name, cookie in jar.items():
        if cookie.value is None:
            response.delete_cookie(
                name,
                path=consent_settings.COOKIE_PATH,
                domain=consent_settings.COOKIE_DOMAIN,
                samesite="Lax",
            )
            continue
        response.set_cookie(
            name,
            cookie.value,
            max_age=None if cookie.days is None else datetime.timedelta(days=cookie.days),
            path=consent_settings.COOKIE_PATH,
            domain=consent_settings.COOKIE_DOMAIN,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    return bool(jar)
