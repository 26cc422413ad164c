"""Look at the records of this floor. People decide; staff reads."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.enqueue import enqueue
from consent.erasure.models import Erasure
from consent.ledger.models import Decision, LedgerHead
from consent.ledger.verify import verify
from consent.people.models import ChoiceCount, ConsentState, Shopper
from consent.policies.models import PolicyVersion
from consent.tasks import finish_erasure


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and changes none."""

    show_facets = admin.ShowFacets.NEVER

    @admin.display(description=_("shopper"))
    def masked_key(self, obj: Any) -> str:
        """Show enough of a key to tell rows apart, too little to use it."""
        key = obj.pk if isinstance(obj, Shopper) else obj.shopper_id
        return f"{str(key)[:8]}…" if key else "-"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Shopper)
class ShopperAdmin(ReadOnlyAdmin):
    list_display_links = None
    list_display = ["masked_key", "site", "is_linked", "is_imported", "created_at"]
    list_filter = ["site", "is_imported", "was_linked"]
    list_select_related = ["site"]
    date_hierarchy = "created_at"
    fields = ["masked_key", "site", "is_linked", "was_linked", "is_imported", "created_at"]
    readonly_fields = ["masked_key", "is_linked"]

    @admin.display(description=_("has an account"), boolean=True)
    def is_linked(self, obj: Shopper) -> bool:
        return obj.user_id is not None


@admin.register(ConsentState)
class ConsentStateAdmin(ReadOnlyAdmin):
    list_display_links = None
    list_display = ["masked_key", "site", "allowed", "generation", "policy", "decided_at"]
    list_filter = ["site", "policy"]
    list_select_related = ["site", "policy"]
    fields = ["masked_key", "site", "allowed", "generation", "sequence", "policy", "decided_at"]
    readonly_fields = ["masked_key", "allowed"]

    @admin.display(description=_("allowed purposes"))
    def allowed(self, obj: ConsentState) -> str:
        return ", ".join(sorted(obj.granted)) or "-"


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ["sequence", "site_id", "kind", "purposes", "source", "actor", "recorded_at"]
    list_filter = ["kind", "source", "gpc", "site_id"]
    date_hierarchy = "recorded_at"
    actions = ["verify_chain"]
    fields = [
        "site_id",
        "sequence",
        "masked_subject",
        "kind",
        "purposes",
        "generation",
        "policy",
        "language",
        "source",
        "gpc",
        "actor",
        "details",
        "recorded_at",
        "previous_hash",
        "hash",
        "format",
        "kid",
    ]
    readonly_fields = ["masked_subject"]

    @admin.display(description=_("subject"))
    def masked_subject(self, obj: Decision) -> str:
        return f"{obj.subject[:8]}…"

    @admin.action(description=_("Verify the whole chain"), permissions=["view"])
    def verify_chain(self, request: HttpRequest, queryset: QuerySet[Decision]) -> None:
        report = verify()
        for fault in report.faults:
            text = _("Site %(site)s, row %(row)s: %(reason)s.") % {
                "site": fault.site_id,
                "row": fault.sequence,
                "reason": fault.reason,
            }
            self.message_user(request, text, messages.ERROR)
        if report:
            text = ngettext("%(n)d decision verifies.", "%(n)d decisions verify.", report.rows)
            self.message_user(request, text % {"n": report.rows}, messages.SUCCESS)


@admin.register(LedgerHead)
class LedgerHeadAdmin(ReadOnlyAdmin):
    list_display = ["site", "sequence", "hash"]
    list_select_related = ["site"]


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    list_display = ["number", "language", "site", "title", "is_material", "created_at"]
    list_filter = ["site", "language", "is_material"]
    list_select_related = ["site"]
    search_fields = ["title", "notice", "body"]


@admin.register(ChoiceCount)
class ChoiceCountAdmin(ReadOnlyAdmin):
    list_display = ["hour", "site", "choice", "count"]
    list_filter = ["site", "choice"]
    list_select_related = ["site"]
    date_hierarchy = "hour"


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ["masked_key", "site", "requested_at", "finished_at", "rows"]
    list_filter = ["site", ("finished_at", admin.EmptyFieldListFilter)]
    list_select_related = ["site"]
    fields = ["masked_key", "site", "requested_at", "finished_at", "rows"]
    readonly_fields = ["masked_key"]
    actions = ["go_on"]

    @admin.action(description=_("Go on with the selected deletions"), permissions=["view"])
    def go_on(self, request: HttpRequest, queryset: QuerySet[Erasure]) -> None:
        due = queryset.filter(finished_at__isnull=True).values_list("pk", flat=True)
        for erasure_id in due:
            enqueue(finish_erasure, erasure_id)
        self.message_user(request, _("The worker goes on with them."), messages.SUCCESS)
