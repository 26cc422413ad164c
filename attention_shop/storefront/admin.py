"""The shop's own admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from attention_shop.storefront.catalog.models import Category, Product
from attention_shop.storefront.feedback.models import Comment, Complaint, Review
from attention_shop.storefront.money import format_money
from attention_shop.storefront.orders.models import Order, OrderLine


class ShopAdmin(admin.ModelAdmin):
    """What the shop's lists have in common."""

    list_per_page = 50


@admin.register(Category)
class CategoryAdmin(ShopAdmin):
    """Departments and categories."""

    list_display = ("name", "parent", "products", "sensitive", "key")
    list_filter = ("site", "sensitive", ("parent", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("parent",)
    search_fields = ("name", "key")
    autocomplete_fields = ("parent",)
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """Count products in the same query."""
        categories: QuerySet[Category] = super().get_queryset(request)
        return categories.annotate(product_count=Count("products"))

    @admin.display(description=_("products"), ordering="product_count")
    def products(self, category: Any) -> int:
        """How many products are filed right here."""
        count: int = category.product_count
        return count


@admin.register(Product)
class ProductAdmin(ShopAdmin):
    """Products; saving one tells the recommender."""

    list_display = ("title", "brand", "category", "price", "stock", "units_sold", "is_listed")
    list_filter = ("site", "is_listed", "kind", ("category", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("category",)
    search_fields = ("title", "brand", "sku")
    autocomplete_fields = ("category",)
    readonly_fields = ("rating", "review_count", "units_sold", "updated_at")
    show_facets = admin.ShowFacets.ALLOW
    actions = ("show_in_shop", "take_from_shop")

    @admin.display(description=_("price"), ordering="price_micros")
    def price(self, product: Product) -> str:
        """The price as a customer reads it."""
        if product.price_micros is None:
            return "–"
        return format_money(product.price_micros, product.currency)

    @admin.action(description=_("Show in the shop"), permissions=["change"])
    def show_in_shop(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        """List the chosen products; each is saved, so that the recommender hears of it."""
        self._list(products, is_listed=True)

    @admin.action(description=_("Take from the shop"), permissions=["change"])
    def take_from_shop(self, request: HttpRequest, products: QuerySet[Product]) -> None:
        """Hide the chosen products."""
        self._list(products, is_listed=False)

    def _list(self, products: QuerySet[Product], *, is_listed: bool) -> None:
        for product in products.exclude(is_listed=is_listed):
            product.is_listed = is_listed
            product.save(update_fields=["is_listed", "updated_at"])


class OrderLineInline(admin.TabularInline):
    """Lines of an order, as they were bought."""

    model = OrderLine
    extra = 0
    can_delete = False
    fields = ("sku", "title", "quantity", "price_micros", "returned_at")
    readonly_fields = ("sku", "title", "quantity", "price_micros")

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """Orders are made at the checkout alone."""
        return False


@admin.register(Order)
class OrderAdmin(ShopAdmin):
    """Orders; amounts cannot be edited."""

    list_display = ("number", "placed_at", "full_name", "city", "total", "user")
    list_filter = ("site", "placed_at")
    list_select_related = ("user",)
    date_hierarchy = "placed_at"
    search_fields = ("number", "full_name", "email")
    readonly_fields = (
        "site",
        "number",
        "user",
        "currency",
        "goods_micros",
        "shipping_micros",
        "total_micros",
        "placed_at",
    )
    inlines = (OrderLineInline,)

    @admin.display(description=_("total"), ordering="total_micros")
    def total(self, order: Order) -> str:
        """The total as a customer reads it."""
        return format_money(order.total_micros, order.currency)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Orders are made at the checkout alone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        """What was sold stays on the books."""
        return False


class FeedbackAdmin(ShopAdmin):
    """What customers wrote, newest first."""

    list_filter: ClassVar[tuple[str, ...]] = ("written_at",)
    list_select_related = ("product", "user")
    date_hierarchy = "written_at"
    search_fields = ("text", "product__title", "product__sku")
    autocomplete_fields = ("product",)
    raw_id_fields = ("user",)


@admin.register(Review)
class ReviewAdmin(FeedbackAdmin):
    """Reviews."""

    list_display = ("product", "stars", "text", "user", "written_at")
    list_filter: ClassVar[tuple[str, ...]] = ("stars", "written_at")


@admin.register(Comment)
class CommentAdmin(FeedbackAdmin):
    """Comments."""

    list_display = ("product", "text", "user", "written_at")


@admin.register(Complaint)
class ComplaintAdmin(FeedbackAdmin):
    """Complaints."""

    list_display = ("product", "text", "user", "written_at")
