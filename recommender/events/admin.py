"""Events in the admin: weights, refusals, and a read-only page of one shopper's events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from consent.privacy import mark_personal
from consent.staff.forms import ReasonForm
from consent.staff.services import PERMISSION, open_record
from recommender.events.kinds import Kind
from recommender.events.models import KindWeight, RefusalCount, ShopperEvents
from recommender.events.selectors import count_events, events_of

PAGE = 100
HOLDING = "attention_recommender.events"


@admin.register(KindWeight)
class KindWeightAdmin(admin.ModelAdmin):
    """What each kind weighs; a kind without a row has its default."""

    list_display = ("kind", "site", "weight", "default_weight")
    list_editable = ("weight",)
    list_filter = ("site",)
    list_select_related = ("site",)
    show_facets = admin.ShowFacets.ALWAYS

    @admin.display(description=_("default"))
    def default_weight(self, row: KindWeight) -> str:
        return f"{Kind.of_code(row.kind).default_weight:g}"


@admin.register(RefusalCount)
class RefusalCountAdmin(admin.ModelAdmin):
    """What was refused, by cause and hour."""

    list_display = ("hour", "site", "cause", "count")
    list_filter = ("cause", "site")
    list_select_related = ("site",)
    date_hierarchy = "hour"
    show_facets = admin.ShowFacets.ALWAYS

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ShopperEvents)
class ShopperEventsAdmin(admin.ModelAdmin):
    """The events of one shopper, found by the whole key; never a list of people."""

    list_display = ("__str__", "site", "created_at")
    list_select_related = ("site",)
    search_fields = ("id",)
    search_help_text = _("The whole key of a shopper.")
    actions = None
    change_form_template = "attention_recommender/admin/shopper_events.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Show nobody until a whole key is given."""
        try:
            key = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(pk=key), False

    @transaction.non_atomic_requests
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show how much is held; the events themselves only in the answer to a reason."""
        shopper = self.get_object(request, object_id)
        if not self.has_view_permission(request, shopper):
            raise PermissionDenied
        if shopper is None:
            self.message_user(request, _("There is no such shopper."), messages.WARNING)
            return HttpResponseRedirect(reverse("admin:index"))
        mark_personal(request)
        form = ReasonForm(request.POST or None)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": str(shopper),
            "opts": self.opts,
            "form": form,
            "may_open": request.user.has_perm(PERMISSION),
            "events_total": count_events(shopper_id=shopper.pk),
        }
        if request.method == "POST" and not context["may_open"]:
            raise PermissionDenied
        if form.is_valid():
            opened = open_record(
                staff=request.user,
                shopper_id=shopper.pk,
                fields=[HOLDING],
                reason=form.cleaned_data["reason"],
            )
            context |= _page(opened.shopper_id, request.POST.get("before", ""))
        return TemplateResponse(request, self.change_form_template, context)


def _page(shopper_id: UUID, before: str) -> dict[str, Any]:
    rows = list(events_of(shopper_id=shopper_id, limit=PAGE + 1, before=_key(before)))
    return {
        "is_open": True,
        "events": rows[:PAGE],
        "events_before": rows[PAGE - 1].id if len(rows) > PAGE else None,
    }


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
