"""The queue of requests: who waits for an answer, until when, and the steps staff may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.read_only_admin import ReadOnlyAdmin
from consent.rights import answers
from consent.rights.models import DataRequest

Step = Callable[[DataRequest, str], None]


class ReasonForm(ActionForm):
    """The reason of an action; the person reads it."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=1000)


class DeadlineFilter(admin.SimpleListFilter):
    """Those that wait, and those that wait too long."""

    title = _("deadline")
    parameter_name = "deadline"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("overdue", _("overdue")), ("waiting", _("waiting"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[DataRequest]
    ) -> QuerySet[DataRequest]:
        if self.value() == "overdue":
            return queryset & DataRequest.objects.overdue_at(timezone.now())
        if self.value() == "waiting":
            return queryset & DataRequest.objects.waiting()
        return queryset


@admin.register(DataRequest)
class DataRequestAdmin(ReadOnlyAdmin):
    list_display = ["name", "kind", "door", "state", "received_at", "due_at", "is_late"]
    list_filter = [DeadlineFilter, "state", "kind", "door", "site"]
    list_select_related = ["site"]
    ordering = [F("completed_at").desc(nulls_first=True), "due_at"]
    search_fields = ["reference"]
    date_hierarchy = "received_at"
    action_form = ReasonForm
    actions = ["start", "complete", "refuse", "extend"]
    fields = [
        "reference",
        "site",
        "kind",
        "door",
        "state",
        "masked_key",
        "words",
        "received_at",
        "due_at",
        "is_extended",
        "reason",
        "reminded_at",
        "completed_at",
        "outcome",
    ]
    readonly_fields = ["masked_key", "words"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show what the person wrote to those who may answer it."""
        may_read = self.has_answer_permission(request)
        return [name for name in self.fields or [] if may_read or name != "words"]

    @admin.display(description=_("reference"), ordering="reference")
    def name(self, obj: DataRequest) -> SafeString:
        """Show the reference in one piece."""
        return format_html('<span class="nowrap">{}</span>', obj.reference)

    @admin.display(description=_("overdue"), boolean=True)
    def is_late(self, obj: DataRequest) -> bool:
        return obj.is_overdue

    @admin.display(description=_("what the person wrote"))
    def words(self, obj: DataRequest) -> str:
        return obj.detail or "-"

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("attention_consent.answer_datarequest")

    @admin.action(description=_("Start on the selected requests"), permissions=["answer"])
    def start(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> None:
        self._each(request, queryset, lambda asked, reason: answers.start(asked=asked))

    @admin.action(description=_("Answer the selected requests: done"), permissions=["answer"])
    def complete(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> None:
        self._each(
            request, queryset, lambda asked, reason: answers.complete(asked=asked, reason=reason)
        )

    @admin.action(
        description=_("Refuse the selected requests, with a reason"), permissions=["answer"]
    )
    def refuse(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> None:
        self._each(
            request, queryset, lambda asked, reason: answers.refuse(asked=asked, reason=reason)
        )

    @admin.action(
        description=_("Extend the selected requests by two months, with a reason"),
        permissions=["answer"],
    )
    def extend(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> None:
        self._each(
            request, queryset, lambda asked, reason: answers.extend(asked=asked, reason=reason)
        )

    def _each(self, request: HttpRequest, queryset: QuerySet[DataRequest], step: Step) -> None:
        reason = request.POST.get("reason", "")[:1000]
        done = 0
        for asked in queryset:
            try:
                step(asked, reason)
            except answers.NotPossible as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                done += 1
                self.log_change(request, asked, [{"changed": {"fields": ["state"]}}])
        if done:
            text = ngettext("%(n)d request changed.", "%(n)d requests changed.", done)
            self.message_user(request, text % {"n": done}, messages.SUCCESS)
