"""The base of admin pages that show rows, never a whole key, and change nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from consent.people.models import Shopper


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows and changes none."""

    show_facets = admin.ShowFacets.NEVER

    @admin.display(description=_("shopper"))
    def masked_key(self, obj: Any) -> str:
        """Show enough of a key to tell rows apart, too little to use it."""
        key = obj.pk if isinstance(obj, Shopper) else obj.shopper_id
        return f"{str(key)[:8]}…" if key else "-"

    @admin.display(description=_("subject"))
    def masked_subject(self, obj: Any) -> str:
        """Show enough of a pseudonym to tell people apart."""
        return f"{obj.subject[:8]}…"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
