"""What is kept for how long, and what retention deleted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from consent.read_only_admin import ReadOnlyAdmin
from consent.retention.models import RetentionRun
from consent.retention.selectors import retention_table


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ["day", "label", "rows", "runs", "last_run_at", "error"]
    list_filter = ["label", ("error", admin.EmptyFieldListFilter)]
    date_hierarchy = "day"
    change_list_template = "attention_consent/admin/retention.html"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Put the table of all rules above the runs."""
        context = {**(extra_context or {}), "rules": retention_table(now=timezone.now())}
        return super().changelist_view(request, context)
