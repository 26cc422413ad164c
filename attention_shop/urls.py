"""Addresses of the shop that ships with the package."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("attention_shop.plugin_urls")),
    path("", include("attention_shop.storefront.urls")),
]

handler404 = "attention_shop.storefront.views.not_found"
handler500 = "attention_shop.storefront.views.server_error"
