"""Imports in the admin: what came from where, how far it got, and what was refused."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from recommender.imports.models import ImportRun, ImportSource


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that imports write and people read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ImportSource)
class ImportSourceAdmin(ReadOnlyAdmin):
    """Sources with the days their times are moved by."""

    list_display = ("name", "site", "shift_days", "created_at")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("name",)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    """Runs, newest first."""

    list_display = ("source", "started_at", "position", "finished_at", "legal_basis")
    list_filter = ("source__site",)
    list_select_related = ("source", "source__site")
    show_facets = admin.ShowFacets.ALWAYS
    exclude = ("report",)
    readonly_fields = ("refused",)

    @admin.display(description=_("refused"))
    def refused(self, run: ImportRun) -> SafeString | str:
        rows = [
            (f"{each['count']:,}", cause, ", ".join(each["examples"]))
            for part in ("refused_products", "refused")
            for cause, each in run.report.get(part, {}).items()
        ]
        return format_html_join("", "<div>{} {} {}</div>", rows) or str(_("nothing"))
