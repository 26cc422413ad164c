"""Everything a host includes once: ``path("", include("attention_shop.plugin_urls"))``."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("consent.urls")),
    path("", include("recommender.urls")),
]
