"""The record of accesses, and the page where staff opens personal data with a reason."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from consent.holdings import all_holdings
from consent.privacy import mark_personal
from consent.read_only_admin import ReadOnlyAdmin
from consent.staff.forms import OpenForm
from consent.staff.models import Access, AccessHead, labels_of
from consent.staff.selectors import find_shopper
from consent.staff.services import PERMISSION, Opened, open_record
from consent.visitor import site_id_of

ROWS = 200
"""Rows of one holding shown at once; the person's own export has all."""


@admin.register(Access)
class AccessAdmin(ReadOnlyAdmin):
    list_display = ["accessed_at", "who", "role", "masked_subject", "opened", "reason", "site_id"]
    list_filter = ["site_id", "role"]
    date_hierarchy = "accessed_at"
    search_fields = ["reason", "=staff"]
    change_list_template = "attention_consent/admin/accesses.html"
    fields = [
        "site_id",
        "sequence",
        "accessed_at",
        "who",
        "role",
        "masked_subject",
        "opened",
        "reason",
        "previous_hash",
        "hash",
        "format",
        "kid",
    ]
    readonly_fields = ["masked_subject", "opened", "who"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Access]:
        """Find the names of the members of staff in the same query."""
        model = get_user_model()
        accounts = model._default_manager.annotate(key=Cast("pk", CharField()))
        name = accounts.filter(key=OuterRef("staff")).values(model.USERNAME_FIELD)[:1]
        rows: QuerySet[Access] = super().get_queryset(request)
        return rows.annotate(staff_name=Subquery(name))

    @admin.display(description=_("staff"), ordering="staff")
    def who(self, obj: Any) -> str:
        """Name the member of staff; the key of an account that is gone."""
        return str(obj.staff_name or f"#{obj.staff}")

    @admin.display(description=_("opened"))
    def opened(self, obj: Access) -> str:
        """List the holdings by title; by label where one is not registered any more."""
        titles = {holding.label: holding.title for holding in all_holdings()}
        return ", ".join(str(titles.get(each, each)) for each in labels_of(obj.fields)) or "-"

    def get_urls(self) -> list[URLPattern]:
        """Put the page that opens data before the pages of single rows."""
        view = transaction.non_atomic_requests(self.admin_site.admin_view(self.open_view))
        return [path("open/", view, name="attention_consent_open"), *super().get_urls()]

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Ask whose data and why; show it in the answer to that form alone."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        mark_personal(request)
        form = OpenForm(request.POST or None)
        opened = self._open(request, form) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Open personal data"),
            "opts": self.opts,
            "form": form,
            "tables": tables_of(opened) if opened else [],
            "is_open": opened is not None,
        }
        return TemplateResponse(request, "attention_consent/admin/open.html", context)

    def _open(self, request: HttpRequest, form: OpenForm) -> Opened | None:
        given = form.cleaned_data
        shopper_id = find_shopper(site_id=site_id_of(request), person=given["person"])
        if shopper_id is None:
            self.message_user(request, _("Nothing is held of such a person."), messages.WARNING)
            return None
        return open_record(
            staff=request.user,
            shopper_id=shopper_id,
            fields=given["fields_opened"],
            reason=given["reason"],
        )


@admin.register(AccessHead)
class AccessHeadAdmin(ReadOnlyAdmin):
    list_display = ["site", "sequence", "kept_after", "hash"]
    list_select_related = ["site"]


def tables_of(opened: Opened) -> list[dict[str, Any]]:
    """Return each opened holding as a table: its title, columns and first rows."""
    tables = []
    for label, holding in opened.holdings.items():
        rows = list(islice(opened.rows(label), ROWS + 1))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        tables.append(
            {
                "title": holding.title,
                "columns": columns,
                "rows": [[row.get(name, "") for name in columns] for row in rows[:ROWS]],
                "has_more": len(rows) > ROWS,
            }
        )
    return tables
