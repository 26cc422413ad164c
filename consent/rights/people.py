"""Tell who asks, by which of the three doors, and nothing about anybody else."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest

from consent import keys
from consent.holdings import Account, Guest
from consent.rights.models import DataRequest, Door
from consent.selectors import person_of, user_of
from consent.visitor import visitor_of

_SUBJECT = "request"
_LINK = "rights-link"
_PAGE = "rights-page"
LINK_SECONDS = 1800
PAGE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who proved who they are: by a login, this browser's key, or the order mail.

    ``mail`` is an address the person is known under; empty for a browser.
    """

    site_id: int
    door: Door
    shopper_id: UUID | None = None
    account: Account | None = None
    guest: Guest | None = None
    mail: str = ""


def person_asking(request: HttpRequest) -> Person | None:
    """Return the person behind a request, None for somebody who is known by nothing.

    Guests are not seen here: their proof travels in the page, not in a cookie.
    """
    site_id = visitor_of(request).site_id
    shopper_id = person_of(request=request)
    user = user_of(request)
    if user is not None:
        account = Account(site_id, user.pk)
        mail = str(getattr(user, user.get_email_field_name(), "") or "")
        return Person(site_id, Door.ACCOUNT, shopper_id, account, mail=mail)
    if shopper_id is not None:
        return Person(site_id, Door.BROWSER, shopper_id)
    return None


def guest_person(guest: Guest) -> Person:
    """Return the person an order mail stands for, once it was proved."""
    return Person(guest.site_id, Door.GUEST, guest=guest, mail=guest.mail)


def normal_mail(text: str) -> str:
    """Return an address as it is looked up."""
    return text.strip().lower()


def subjects_of(person: Person) -> list[str]:
    """Return the pseudonyms a person's requests may bear; new ones bear the first."""
    names = []
    if person.account is not None:
        names.append(_key("account", *person.account))
    if person.guest is not None:
        names.append(_key("guest", *person.guest))
    if person.shopper_id is not None:
        names.append(person.shopper_id)
    ring = keys.keyring().keys
    return [keys.pseudonym_with(key, _SUBJECT, "", name) for key in ring for name in names]


def link_token(asked: DataRequest) -> str:
    """Return what the mailed link holds: the request's number and an end, no address."""
    return _sign(_LINK, [asked.pk, int(time.time()) + LINK_SECONDS])


def read_link(token: str) -> int | None:
    """Return the number of the request a link was made for, None when it is over or forged."""
    parts = _unsign(_LINK, token, 2)
    return int(parts[0]) if parts else None


def page_token(guest: Guest) -> str:
    """Return what the forms of a guest's page prove themselves with for a quarter of an hour."""
    return _sign(_PAGE, [*guest, int(time.time()) + PAGE_SECONDS])


def read_page(token: str) -> Guest | None:
    """Return the guest a page was shown to, None when it is over or forged."""
    parts = _unsign(_PAGE, token, 3)
    return Guest(int(parts[0]), str(parts[1])) if parts else None


def _sign(label: str, parts: list[int | str]) -> str:
    return keys.sign(label, json.dumps(parts, separators=(",", ":")).encode())


def _unsign(label: str, token: str, length: int) -> list[int | str] | None:
    try:
        parts = json.loads(keys.unsign(label, token))
    except ValueError:
        return None
    if not isinstance(parts, list) or len(parts) != length or int(parts[-1]) < time.time():
        return None
    return parts


def _key(kind: str, *parts: object) -> UUID:
    text = json.dumps([kind, *map(str, parts)])
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
