"""Events in the admin: weights, refusals, and a read-only page of one shopper's events."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from recommender.events.kinds import Kind
from recommender.events.models import KindWeight, RefusalCount, ShopperEvents
from recommender.events.selectors import count_events, events_of

PAGE = 100


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

    list_display = ("pk", "site", "created_at")
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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a page of events; permission and the shopper are checked by the admin itself."""
        context = {**(extra_context or {}), **_page(object_id, request.GET.get("before", ""))}
        return super().change_view(request, object_id, form_url, context)


def _page(object_id: str, before: str) -> dict[str, Any]:
    shopper_id, oldest = _key(object_id), _key(before)
    if shopper_id is None:
        return {"events": [], "events_total": 0, "events_before": None}
    rows = list(events_of(shopper_id=shopper_id, limit=PAGE + 1, before=oldest))
    return {
        "events": rows[:PAGE],
        "events_total": count_events(shopper_id=shopper_id),
        "events_before": rows[PAGE - 1].id if len(rows) > PAGE else None,
    }


def _key(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
