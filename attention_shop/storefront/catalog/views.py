"""The pages people look around on."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from attention_shop.storefront.accounts.selectors import is_favorite
from attention_shop.storefront.basket.store import MAX_QUANTITY
from attention_shop.storefront.behavior import note, note_search
from attention_shop.storefront.catalog import selectors
from attention_shop.storefront.catalog.listing import make_listing
from attention_shop.storefront.catalog.models import Product
from attention_shop.storefront.catalog.tree import tree_of
from attention_shop.storefront.feedback.selectors import conversation
from attention_shop.storefront.shop_site import site_of
from recommender.events.kinds import Kind

MAX_QUERY = 100


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the shop window."""
    site = site_of(request)
    bestsellers = selectors.full_rows(selectors.bestsellers(site=site))
    context = {
        "windows": selectors.department_windows(site=site, tree=tree_of(request)),
        "arrivals": selectors.new_arrivals(site=site),
        "bestsellers": bestsellers,
        "best_rated": [] if bestsellers else selectors.best_rated(site=site),
    }
    return render(request, "attention_storefront/home.html", context)


@require_safe
def departments(request: HttpRequest) -> HttpResponse:
    """List every department with its categories."""
    tree = tree_of(request)
    context = {"rows": [(each, tree.children(each)) for each in tree.departments]}
    return render(request, "attention_storefront/departments.html", context)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """List a department or category."""
    tree = tree_of(request)
    found = tree.by_slug(slug)
    if found is None:
        raise Http404
    products = Product.objects.for_site(site_of(request)).listed()
    path = tree.path(found.pk)
    context = {
        "category": found,
        "path": path[:-1],
        "beside": tree.children(found) or tree.children(path[-2] if len(path) > 1 else found),
        "listing": make_listing(
            products=products.in_categories(tree.ids_within(found)), query=request.GET
        ),
    }
    return render(request, "attention_storefront/category.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find products by words."""
    query = request.GET.get("q", "").strip()[:MAX_QUERY]
    if not query:
        return render(request, "attention_storefront/search.html", {"query": ""})
    products = Product.objects.for_site(site_of(request)).listed().matching(query)
    listing = make_listing(products=products, query=request.GET)
    if listing.wanted.page == 1 and not listing.wanted.is_filtered:
        note_search(request=request, found=listing.total)
    context = {"query": query, "listing": listing}
    return render(request, "attention_storefront/search.html", context)


@require_safe
def product(request: HttpRequest, sku: str) -> HttpResponse:
    """Show one product and count the view."""
    site = site_of(request)
    found = Product.objects.for_site(site).listed().filter(sku=sku).first()
    if found is None:
        raise Http404
    outcome = note(request=request, kind=Kind.VIEW, product=found)
    context = {
        "product": found,
        "path": tree_of(request).path(found.category_id),
        "is_favorite": is_favorite(request=request, product=found),
        "quantities": range(1, min(MAX_QUANTITY, found.stock or MAX_QUANTITY) + 1),
        "view_id": outcome.event_id,
        "conversation": conversation(user=request.user, product=found),
    }
    return render(request, "attention_storefront/product.html", context)
