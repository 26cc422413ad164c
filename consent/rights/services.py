"""Carry out what people ask for, and keep the record of it.

Whoever proved who they are is served at once. What only staff can do waits with a deadline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from consent import decisions
from consent import services as consent_services
from consent.circumstances import circumstances_of
from consent.enqueue import enqueue
from consent.erasure.models import Erasure
from consent.holdings import Guest, Records, all_holdings
from consent.policies.models import PolicyVersion
from consent.policies.selectors import current_policy
from consent.rights import mail
from consent.rights.deadlines import MONTHS, after_months
from consent.rights.follow_up import settle
from consent.rights.models import DataRequest, Door, Letter, RequestKind, State
from consent.rights.people import LINK_SECONDS, Person, guest_person, subjects_of
from consent.rights.selectors import guest_lookup, held_of
from consent.rights.tasks import send_request_mail
from consent.visitor import visitor_of

BATCH = 1000
SOURCE = "rights"
COPY_RECORDED = timedelta(hours=1)


def record_copy(*, person: Person) -> None:
    """Record that a person takes a copy, once an hour."""
    since = timezone.now() - COPY_RECORDED
    taken = DataRequest.objects.for_site(person.site_id).filter(
        kind=RequestKind.EXPORT, received_at__gt=since, subject__in=subjects_of(person)
    )
    if not taken.exists():
        _done(person, RequestKind.EXPORT, rows=sum(each.count for each in held_of(person=person)))


def restrict(*, request: HttpRequest, person: Person) -> bool:
    """Keep what was recorded and use none of it; return whether anything was in use."""
    if person.shopper_id is None:
        return False
    if not decisions.restrict(shopper_id=person.shopper_id, how=circumstances_of(request, SOURCE)):
        return False
    _done(person, RequestKind.RESTRICT)
    return True


def lift_restriction(*, request: HttpRequest, person: Person) -> bool:
    """Use again what was allowed before a restriction; return whether there was one."""
    if person.shopper_id is None:
        return False
    return decisions.lift(shopper_id=person.shopper_id, how=circumstances_of(request, SOURCE))


def stop(*, request: HttpRequest, person: Person | None) -> DataRequest | None:
    """Object: use nothing any more, delete what was recorded for it, switch this browser off.

    What the shop needs for itself stays: the account, orders, the record of the no.
    """
    asked = None
    if person is not None:
        asked = _receive(person, RequestKind.OBJECT, state=State.RUNNING)
        closed = None
        if person.shopper_id is not None:
            closed = consent_services.withdraw(
                shopper_id=person.shopper_id,
                actor="shopper",
                source=SOURCE,
                policy=current_policy(site_id=visitor_of(request).site_id),
                gpc=visitor_of(request).gpc,
            )
        _await(asked, closed.erasure_id if closed else None)
    consent_services.refuse(request=request, source=SOURCE)
    return asked


def erase(*, request: HttpRequest, person: Person | None) -> DataRequest | None:
    """Stop, and delete everything held; what the law keeps stays without the person."""
    asked = None
    if person is not None:
        visitor = visitor_of(request)
        policy = current_policy(site_id=visitor.site_id)
        asked = erase_person(person=person, policy=policy, gpc=visitor.gpc)
    consent_services.refuse(request=request, source=SOURCE)
    return asked


def erase_person(
    *, person: Person, policy: PolicyVersion | None = None, gpc: bool = False
) -> DataRequest:
    """Delete everything a person's door reaches; end what else they asked for.

    ``policy`` is the version they were shown.
    """
    _end_open(person)
    asked = _receive(person, RequestKind.ERASE, state=State.RUNNING)
    if person.shopper_id is not None:
        closed = consent_services.erase(
            shopper_id=person.shopper_id, actor="shopper", policy=policy, gpc=gpc
        )
        _await(asked, closed.erasure_id if closed else None)
    else:
        rows = sum(_emptied(*each) for each in _records(person))
        settle(asked, state=State.DONE, outcome={"rows": rows})
        _post(asked)
    if person.guest is not None:
        own = DataRequest.objects.filter(subject__in=subjects_of(person))
        own.update(subject="")
    asked.refresh_from_db()
    return asked


def ask_correction(
    *, person: Person, detail: str, address: str = "", received_at: datetime | None = None
) -> DataRequest:
    """Ask staff to correct something the person cannot correct themselves.

    ``received_at`` is when it arrived by another way, such as a letter (default: now): the
    deadline counts from it.
    """
    asked = _receive(
        person,
        RequestKind.CORRECT,
        state=State.VERIFIED,
        detail=detail,
        address=address or person.mail,
        owed=Letter.RECEIVED,
        received_at=received_at,
    )
    mail.tell_staff(asked=asked, letter="received")
    return asked


def ask_by_mail(*, site_id: int, address: str) -> DataRequest:
    """Write to an address: a link that proves it where something is held, else that nothing is.

    Both ways do the same, and the caller answers the same.
    """
    person = guest_person(Guest(site_id, address))
    is_known = guest_lookup(person=person)
    asked = _receive(
        person,
        RequestKind.ACCESS,
        state=State.RECEIVED if is_known else State.DONE,
        owed=Letter.LINK if is_known else Letter.NOTHING,
    )
    if not is_known:
        DataRequest.objects.filter(pk=asked.pk).update(subject="")
    return asked


def prove(*, request_id: int) -> Guest | None:
    """Use up a link; return whose address it proved, None when it was used or is over."""
    now = timezone.now()
    open_links = DataRequest.objects.filter(
        pk=request_id,
        door=Door.GUEST,
        state=State.RECEIVED,
        received_at__gt=now - timedelta(seconds=LINK_SECONDS),
    )
    asked = open_links.first()
    if asked is None:
        return None
    rows = sum(each.count for each in held_of(person=_guest_of(asked)))
    used = open_links.update(
        state=State.DONE,
        completed_at=now,
        mail="",
        owed="",
        owed_at=None,
        outcome={"rows": rows},
    )
    return Guest(asked.site_id, asked.mail) if used else None


def _guest_of(asked: DataRequest) -> Person:
    return guest_person(Guest(asked.site_id, asked.mail))


def _receive(
    person: Person,
    kind: RequestKind,
    *,
    state: State,
    detail: str = "",
    address: str = "",
    owed: str = "",
    rows: int | None = None,
    received_at: datetime | None = None,
) -> DataRequest:
    now = timezone.now()
    received = received_at or now
    is_answered = state == State.DONE
    to = address or person.mail
    asked = DataRequest.objects.create(
        site_id=person.site_id,
        door=person.door,
        kind=kind,
        state=state,
        subject=subjects_of(person)[0],
        shopper_id=person.shopper_id,
        language=get_language() or "",
        mail=to,
        detail=detail,
        received_at=received,
        due_at=after_months(received, MONTHS),
        completed_at=now if is_answered else None,
        outcome={} if rows is None else {"rows": rows},
        owed=owed if to else "",
        owed_at=now if owed and to else None,
    )
    if asked.owed:
        _post(asked)
    return asked


def _done(person: Person, kind: RequestKind, rows: int | None = None) -> DataRequest:
    return _receive(person, kind, state=State.DONE, owed=Letter.DONE, rows=rows)


def _await(asked: DataRequest, erasure_id: int | None) -> None:
    """Answer a request whose deletion is over, leave one that goes on to the periodic task."""
    erasure = Erasure.objects.filter(pk=erasure_id).first() if erasure_id else None
    if erasure is not None:
        DataRequest.objects.filter(pk=asked.pk).update(erasure=erasure)
    if erasure is None or erasure.finished_at is not None:
        settle(asked, state=State.DONE, outcome={"rows": erasure.rows if erasure else 0})
        _post(asked)
    asked.refresh_from_db()


def _end_open(person: Person) -> None:
    """End requests that an erasure makes void."""
    rows = DataRequest.objects.open().for_site(person.site_id)
    rows.filter(subject__in=subjects_of(person)).update(
        state=State.DONE, completed_at=timezone.now(), detail="", mail="", owed="", owed_at=None
    )


def _records(person: Person) -> Iterator[tuple[Records[Any], Any]]:
    for holding in reversed(all_holdings()):
        if person.account is not None and holding.by_account is not None:
            yield holding.by_account, person.account
        elif person.guest is not None and holding.by_mail is not None:
            yield holding.by_mail, person.guest


def _emptied(records: Records[Any], key: Any) -> int:
    rows = 0
    while True:
        with transaction.atomic():
            batch = records.erase(key, BATCH)
        if not batch:
            return rows
        rows += batch


def _post(asked: DataRequest) -> None:
    enqueue(send_request_mail, asked.pk)
