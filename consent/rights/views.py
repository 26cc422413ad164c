"""The rights of whoever is known by an account or this browser's key, without a script."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from consent.conf import consent_settings
from consent.erasure.proofs import proof_of
from consent.forms import see_other
from consent.ledger.models import Decision
from consent.origin import require_same_origin
from consent.privacy import mark_personal
from consent.rights import limits, selectors, services
from consent.rights.forms import CorrectionForm
from consent.rights.models import DataRequest
from consent.rights.pages import login_address, show, table_of
from consent.rights.people import Person, normal_mail, person_asking, subjects_of
from consent.rights.receipts import receipt_of
from consent.rights.sections import Section, all_sections, section_of
from consent.seen import SeenElsewhere, require_seen, seen_by
from consent.selectors import state_of
from consent.visitor import visitor_of

logger = logging.getLogger(__name__)

CORRECTIONS_A_DAY = 5
DAY = 24 * limits.HOUR
View = Callable[..., HttpResponseBase]


def page_view(view: View) -> View:
    """A page that is shown, outside any transaction of the host."""
    return transaction.non_atomic_requests(require_safe(view))


def form_view(view: View) -> View:
    """A form of the shop's own pages; the answer is one person's."""

    @wraps(view)
    def personal(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        mark_personal(request)
        return view(request, *args, **kwargs)

    checked = require_same_origin(require_POST(personal))
    return csrf_exempt(transaction.non_atomic_requests(checked))


@page_view
def rights(request: HttpRequest) -> HttpResponse:
    """Show everything that is held of the person who asks, and what they can do about it."""
    return _rights(request)


@page_view
def held(request: HttpRequest, label: str) -> HttpResponse:
    """Show the rows of one kind, some at a time."""
    person = person_asking(request)
    number = request.GET.get("page", "1")
    page = None
    if person is not None and number.isdecimal() and len(number) < 8:
        page = selectors.page_of(person=person, label=label, number=int(number))
    if page is None:
        raise Http404(_("Nothing of this kind is held of you."))
    return show(request, "rights_held", {"page": page, **table_of(page)})


@page_view
def receipt(request: HttpRequest, sequence: int) -> HttpResponse:
    """Give the signed receipt of one decision of the person who asks."""
    mark_personal(request)
    person = person_asking(request)
    decisions = selectors.decisions_of(person=person) if person else []
    for decision, before in _with_earlier(decisions):
        if decision.sequence == sequence:
            content = receipt_of(decision=decision, before=before).to_bytes()
            response = HttpResponse(content, content_type="application/json")
            name = f"receipt-{decision.site_id}-{sequence}.json"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    raise Http404(_("You made no such decision."))


@form_view
def restrict(request: HttpRequest) -> HttpResponse:
    """Keep what was recorded, use none of it."""
    person = person_asking(request)
    if person is not None:
        services.restrict(request=request, person=person)
    return _back("restrict")


@form_view
def lift(request: HttpRequest) -> HttpResponse:
    """End a restriction, unless the person decided something else meanwhile."""
    person = person_asking(request)
    try:
        require_seen(request, request.POST.get("seen"))
    except SeenElsewhere:
        return _back("changed")
    if person is not None:
        services.lift_restriction(request=request, person=person)
    return _back("lift")


@form_view
def stop(request: HttpRequest) -> HttpResponse:
    """Stop every use, and delete what was recorded for it."""
    asked = services.stop(request=request, person=person_asking(request))
    return _back("stop", asked)


@form_view
def erase(request: HttpRequest) -> HttpResponse:
    """Stop, and delete everything."""
    asked = services.erase(request=request, person=person_asking(request))
    return _back("erase", asked)


@form_view
def correct(request: HttpRequest) -> HttpResponse:
    """Ask staff to correct something."""
    person = person_asking(request)
    if person is None:
        return _back("nobody")
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _rights(request, form=form, status=400)
    address = normal_mail(form.cleaned_data["mail"])
    if not _may_ask(request, person, address):
        return _back("limit")
    asked = services.ask_correction(
        person=person, detail=form.cleaned_data["detail"], address=address
    )
    return _back("correct", asked)


@form_view
def section(request: HttpRequest, label: str) -> HttpResponse:
    """Carry out an action of a section another floor put on the page."""
    found = section_of(label)
    action = found.actions.get(request.POST.get("action", "")) if found else None
    if action is None:
        raise Http404(_("There is no such action."))
    person = person_asking(request)
    try:
        action(person.shopper_id if person else None, request)
    except ValueError:
        return _back("unclear")
    return see_other(f"{reverse('attention_consent:rights')}?done=section#{label}")


def _may_ask(request: HttpRequest, person: Person, address: str) -> bool:
    """Tell whether a correction may be asked: a browser's key is had for nothing, a mail is not.

    An address that is not the account's own gets no more mail than by the guests' door, and one
    network asks for no more.
    """
    who = subjects_of(person)[0]
    if not limits.allows(name="correct", who=who, limit=CORRECTIONS_A_DAY, seconds=DAY):
        return False
    if not address or address == normal_mail(person.mail):
        return True
    many, few = consent_settings.REQUEST_NETWORK_LIMIT, consent_settings.REQUEST_MAIL_LIMIT
    network, whose = limits.network_of(request), f"{person.site_id} {address}"
    return limits.allows(name="guest-network", who=network, limit=many) and limits.allows(
        name="guest-mail", who=whose, limit=few
    )


def _rights(
    request: HttpRequest, *, form: CorrectionForm | None = None, status: int = 200
) -> HttpResponse:
    person = person_asking(request)
    kinds = selectors.held_of(person=person) if person else []
    shopper_id = person.shopper_id if person else None
    state = state_of(shopper_id=shopper_id) if shopper_id else None
    context = {
        "person": person,
        "held": [each for each in kinds if each.count],
        "empty": [each for each in kinds if not each.count],
        "corrections": _corrections([each for each in kinds if each.count]),
        "models": selectors.models_of(person=person) if person else [],
        "decisions": selectors.decisions_of(person=person) if person else [],
        "requests": selectors.requests_of(person=person) if person else [],
        "sections": _sections(request, person),
        "state": state,
        "visit": visitor_of(request).visit,
        "form": form or CorrectionForm(),
        "login": login_address(),
        "done": request.GET.get("done"),
        "seen": seen_by(request),
        "proof": _uuid(request.GET.get("proof", "")),
        "reference": request.GET.get("reference", ""),
    }
    return show(request, "rights", context, status=status)


def _corrections(kinds: list[selectors.Held]) -> list[tuple[Any, str]]:
    """Return the pages where a person corrects something, each once, with what it is."""
    pages: dict[str, Any] = {}
    for each in kinds:
        if each.correct:
            pages.setdefault(reverse(each.correct), each.title)
    return [(title, page) for page, title in pages.items()]


def _sections(request: HttpRequest, person: Person | None) -> list[dict[str, Any]]:
    shopper_id = person.shopper_id if person else None
    shown = [_section(request, each, shopper_id) for each in all_sections()]
    return [each for each in shown if each]


def _section(request: HttpRequest, each: Section, shopper_id: UUID | None) -> dict[str, Any]:
    """Render a section; one that fails is logged and leaves the page whole."""
    try:
        data = each.data(shopper_id, request)
        if data is None:
            return {}
        address = reverse("attention_consent:rights_section", args=[each.label])
        html = render_to_string(each.template, {**data, "section_url": address}, request)
    except Exception:
        logger.exception("The section %s could not be shown.", each.label)
        return {}
    return {"label": each.label, "title": each.title, "html": html}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _with_earlier(decisions: list[Decision]) -> list[tuple[Decision, Decision | None]]:
    """Return decisions, newest first, each with the one before it."""
    if not decisions:
        return []
    return [*pairwise(decisions), (decisions[-1], None)]


def _back(done: str, asked: DataRequest | None = None) -> HttpResponse:
    address = f"{reverse('attention_consent:rights')}?done={done}"
    if asked is not None:
        address += f"&reference={asked.reference}"
        proof = proof_of(erasure_id=asked.erasure_id) if asked.erasure_id else None
        address += f"&proof={proof}" if proof else ""
    return see_other(address)
