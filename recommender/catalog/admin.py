"""The mirror in the admin: look at it, flag categories, compare it with the host."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from consent.enqueue import enqueue
from recommender.catalog.models import Category, Merchant, MerchantMember, Product
from recommender.catalog.sensitivity import refresh_sensitivity
from recommender.catalog.services import flag_by_words, sync_host_product
from recommender.catalog.tasks import reconcile_catalogs
from recommender.catalog.words import matching_word


class MirrorAdmin(admin.ModelAdmin):
    """Rows the host writes through the mirror."""

    list_select_related: ClassVar[Any] = ("site",)
    show_facets = admin.ShowFacets.ALWAYS

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Category)
class CategoryAdmin(MirrorAdmin):
    """Categories; ``flagged here`` is the operator's own."""

    list_display = (
        "name",
        "parent",
        "site",
        "is_flagged_by_host",
        "is_flagged_here",
        "sensitive",
        "word",
    )
    list_filter = ("sensitive", "is_flagged_here", "site")
    actions = ("suggest_sensitive",)
    list_select_related = ("site", "parent")
    search_fields = ("name", "host_key")
    fields = (
        "site",
        "host_key",
        "name",
        "parent",
        "is_flagged_by_host",
        "is_flagged_here",
        "sensitive",
        "word",
    )
    readonly_fields = (
        "site",
        "host_key",
        "name",
        "parent",
        "is_flagged_by_host",
        "sensitive",
        "word",
    )

    @admin.display(description=_("word of the list"))
    def word(self, obj: Category) -> str:
        return matching_word(obj.name) or ""

    @admin.action(description=_("Suggest sensitive categories"), permissions=["change"])
    def suggest_sensitive(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        flagged = flag_by_words(categories=queryset)
        if not flagged:
            self.message_user(request, _("No name holds a word of the list."), messages.INFO)
            return
        text = _("Flagged: %s. Take the flag away where it is wrong.")
        self.message_user(request, text % ", ".join(sorted(flagged)))

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        changed = refresh_sensitivity(site=obj.site_id)
        if changed:
            text = ngettext(
                "%d category changed its sensitivity.",
                "%d categories changed their sensitivity.",
                changed,
            )
            self.message_user(request, text % changed)


@admin.register(Product)
class ProductAdmin(MirrorAdmin):
    """Products as last told by the host; nothing to edit."""

    list_display = ("title", "host_key", "category", "brand", "is_listed", "site", "updated_at")
    list_filter = ("is_listed", "kind", "category__sensitive", "site")
    list_select_related = ("site", "category")
    search_fields = ("host_key__exact", "title")
    show_full_result_count = False
    actions = ("refresh", "compare")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in Product._meta.fields]

    @admin.action(description=_("Take over from the shop again"), permissions=["change"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.select_related("site"):
            sync_host_product(site=product.site, host_key=product.host_key)
        self.message_user(request, _("Taken over."))

    @admin.action(description=_("Compare the whole catalog"), permissions=["change"])
    def compare(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        enqueue(reconcile_catalogs)
        self.message_user(request, _("A worker compares the catalogs."), messages.INFO)


class MemberInline(admin.TabularInline):
    """The accounts that act for a merchant."""

    model = MerchantMember
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Merchant)
class MerchantAdmin(admin.ModelAdmin):
    """Sellers and who acts for them."""

    list_display = ("name", "host_key", "site")
    list_filter = ("site",)
    list_select_related = ("site",)
    search_fields = ("name", "host_key")
    show_facets = admin.ShowFacets.ALWAYS
    inlines = (MemberInline,)


@admin.register(MerchantMember)
class MerchantMemberAdmin(admin.ModelAdmin):
    """Members of merchants."""

    list_display = ("merchant", "user", "role")
    list_filter = ("role",)
    list_select_related = ("merchant", "user")
    autocomplete_fields = ("merchant", "user")
    search_fields = ("merchant__name",)
