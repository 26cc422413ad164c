"""Look at the records of this floor. People decide; staff reads."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

import consent.erasure.admin
import consent.policies.admin
import consent.retention.admin
import consent.rights.admin
import consent.staff.admin  # noqa: F401
from consent.ledger.models import Decision, LedgerHead
from consent.ledger.verify import verify
from consent.people.models import ChoiceCount, ConsentState, Shopper
from consent.read_only_admin import ReadOnlyAdmin


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
    ordering = ["site_id", "-sequence"]
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
        for site_id in report.unprotected:
            note = _("Site %(site)s has no signed checkpoint yet: a cut end would not be found.")
            self.message_user(request, note % {"site": site_id}, messages.WARNING)
        for name in report.guards:
            note = _("The trigger %(name)s is missing from the database.")
            self.message_user(request, note % {"name": name}, messages.WARNING)
        if report:
            text = ngettext("%(n)d decision verifies.", "%(n)d decisions verify.", report.rows)
            self.message_user(request, text % {"n": report.rows}, messages.SUCCESS)


@admin.register(LedgerHead)
class LedgerHeadAdmin(ReadOnlyAdmin):
    list_display = ["site", "sequence", "hash"]
    list_select_related = ["site"]


@admin.register(ChoiceCount)
class ChoiceCountAdmin(ReadOnlyAdmin):
    list_display = ["hour", "site", "choice", "count"]
    list_filter = ["site", "choice"]
    list_select_related = ["site"]
    date_hierarchy = "hour"
