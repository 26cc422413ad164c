"""Deletions and their proofs in the admin."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from consent.enqueue import enqueue
from consent.erasure.models import Erasure, Proof
from consent.erasure.proofs import read_proof
from consent.read_only_admin import ReadOnlyAdmin
from consent.tasks import finish_erasure


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ["masked_key", "site", "requested_at", "finished_at", "rows"]
    list_filter = ["site", ("finished_at", admin.EmptyFieldListFilter)]
    list_select_related = ["site"]
    fields = [
        "masked_key",
        "site",
        "requested_at",
        "finished_at",
        "decision",
        "rows",
        "rows_moved",
        "counted",
    ]
    readonly_fields = ["masked_key", "counted"]
    actions = ["go_on"]

    @admin.display(description=_("before and after"))
    def counted(self, obj: Erasure) -> SafeString | str:
        rows = [
            (each["label"], each["before"], "-" if each["after"] is None else each["after"])
            for each in obj.counts
        ]
        if not rows:
            return "-"
        body = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows)
        return format_html("<table>{}</table>", body)

    @admin.action(description=_("Go on with the selected deletions"), permissions=["view"])
    def go_on(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> None:
        due = queryset.filter(finished_at__isnull=True).values_list("pk", flat=True)
        for erasure_id in due:
            enqueue(finish_erasure, erasure_id)
        self.message_user(request, _("The worker goes on with them."), messages.SUCCESS)


@admin.register(Proof)
class ProofAdmin(ReadOnlyAdmin):
    """Proofs without their ids: only the person can show one by its address."""

    list_display = ["created_at", "site", "kid", "is_genuine"]
    list_filter = ["site"]
    list_select_related = ["site"]
    date_hierarchy = "created_at"
    fields = ["created_at", "site", "document", "kid", "algorithm", "signature", "is_genuine"]
    readonly_fields = ["is_genuine"]

    @admin.display(description=_("signature is right"), boolean=True)
    def is_genuine(self, obj: Proof) -> bool:
        found = read_proof(obj.pk)
        return found is not None and found.is_genuine
