"""Placements, best sellers and slate counts in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from recommender.serving.models import Bestseller, Placement, SlateCount


@admin.register(Placement)
class PlacementAdmin(admin.ModelAdmin):
    """Where slates are shown, and how each is made."""

    list_display = ("name", "site", "title", "size", "recipe", "fallback", "seen", "is_enabled")
    list_editable = ("is_enabled",)
    list_filter = ("is_enabled", "recipe", "site")
    list_select_related = ("site",)
    search_fields = ("name", "title")
    show_facets = admin.ShowFacets.ALWAYS


class MachineRows(admin.ModelAdmin):
    """Rows that the shop writes and people read."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Bestseller)
class BestsellerAdmin(MachineRows):
    """What the second rung answers with."""

    list_display = ("rank", "product", "units", "site", "computed_at")
    list_display_links = None
    list_filter = ("site",)
    list_select_related = ("product", "site")


@admin.register(SlateCount)
class SlateCountAdmin(MachineRows):
    """How slates were answered, hour by hour, and why not better."""

    list_display = ("hour", "placement", "mode", "rung", "cause", "slates", "site")
    list_display_links = None
    list_filter = ("rung", "mode", "placement", "site")
    list_select_related = ("site",)
    date_hierarchy = "hour"
    show_facets = admin.ShowFacets.ALWAYS
