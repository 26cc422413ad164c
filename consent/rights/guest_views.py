"""The rights of people who bought without an account: a link by mail, used once, no cookie.

Whatever address is given, the answer on the page is the same; what is held is told by mail alone.
The proof then travels in the page's own forms for a quarter of an hour.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.conf import consent_settings
from consent.holdings import Guest
from consent.origin import require_same_origin
from consent.rights import limits, selectors, services
from consent.rights.export_files import as_json, as_zip
from consent.rights.forms import CorrectionForm, GuestForm
from consent.rights.pages import show, table_of
from consent.rights.people import (
    Person,
    guest_person,
    page_token,
    read_link,
    read_page,
    subjects_of,
)
from consent.rights.views import CORRECTIONS_A_DAY, DAY, View, form_view
from consent.visitor import visitor_of


def open_view(view: View) -> View:
    """A page with a form that anybody may open."""
    checked = require_same_origin(require_http_methods(["GET", "HEAD", "POST"])(view))
    return csrf_exempt(transaction.non_atomic_requests(checked))


@open_view
def ask(request: HttpRequest) -> HttpResponse:
    """Take an address and say that a mail is on its way, whoever it belongs to."""
    if request.method != "POST":
        return show(request, "rights_guest", {"form": GuestForm()})
    form = GuestForm(request.POST)
    if not form.is_valid():
        return show(request, "rights_guest", {"form": form}, status=400)
    network = limits.network_of(request)
    many = consent_settings.REQUEST_NETWORK_LIMIT
    if not limits.allows(name="guest-network", who=network, limit=many):
        return show(request, "rights_guest", {"form": form, "is_limited": True}, status=429)
    address, site_id = form.cleaned_data["mail"], visitor_of(request).site_id
    few = consent_settings.REQUEST_MAIL_LIMIT
    if limits.allows(name="guest-mail", who=f"{site_id} {address}", limit=few):
        services.ask_by_mail(site_id=site_id, address=address)
    return show(request, "rights_guest", {"was_sent": True})


@open_view
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button to whoever opens the mailed link, and on pressing it use the link up.

    Opening alone does nothing: programs that look at mails open links, too.
    """
    request_id = read_link(token)
    if request.method != "POST" and request_id is not None:
        return show(request, "rights_guest_link", {})
    guest = services.prove(request_id=request_id) if request_id is not None else None
    if guest is None:
        return show(request, "rights_guest_link", {"is_over": True}, status=410)
    return _shown(request, guest)


@form_view
def act(request: HttpRequest) -> HttpResponseBase:
    """Do what a guest asks from the page their link opened."""
    guest = read_page(request.POST.get("proof", ""))
    if guest is None or guest.site_id != visitor_of(request).site_id:
        return show(request, "rights_guest_link", {"is_over": True}, status=410)
    person = guest_person(guest)
    action = request.POST.get("action")
    if action in {"json", "csv"}:
        return _copy(person, as_csv=action == "csv")
    if action == "erase":
        asked = services.erase_person(person=person)
        return show(request, "rights_guest_link", {"erased": asked})
    if action == "correct":
        return _correct(request, guest, person)
    return _shown(request, guest, status=400)


def _correct(request: HttpRequest, guest: Guest, person: Person) -> HttpResponse:
    form = CorrectionForm({"detail": request.POST.get("detail", "")})
    if not form.is_valid():
        return _shown(request, guest, form=form, status=400)
    who = subjects_of(person)[0]
    if not limits.allows(name="correct", who=who, limit=CORRECTIONS_A_DAY, seconds=DAY):
        return _shown(request, guest, is_limited=True, status=429)
    asked = services.ask_correction(person=person, detail=form.cleaned_data["detail"])
    return _shown(request, guest, asked=asked)


def _copy(person: Person, *, as_csv: bool) -> HttpResponseBase:
    services.record_copy(person=person)
    content = selectors.export_of(person=person)
    if as_csv:
        return FileResponse(as_zip(content), as_attachment=True, filename="my-data.zip")
    response = HttpResponse(as_json(content, indent=True), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


def _shown(request: HttpRequest, guest: Guest, *, status: int = 200, **more: Any) -> HttpResponse:
    person = guest_person(guest)
    held = [each for each in selectors.held_of(person=person) if each.count]
    pages = [selectors.page_of(person=person, label=each.label, number=1) for each in held]
    context = {
        "held": held,
        "tables": [{"page": page, **table_of(page)} for page in pages if page],
        "requests": selectors.requests_of(person=person),
        "form": CorrectionForm(),
        "proof": page_token(guest),
        **more,
    }
    return show(request, "rights_guest_held", context, status=status)
