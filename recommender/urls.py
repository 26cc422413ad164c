"""Addresses of the recommender; a host includes them through ``attention_shop.plugin_urls``."""

from __future__ import annotations

from django.db import transaction
from django.urls import path

from consent.origin import require_same_origin
from recommender.events.urls import urlpatterns as event_urlpatterns
from recommender.interests.views import interests
from recommender.serving.schema import SchemaView
from recommender.serving.views import HideView, SlotView

app_name = "attention_recommender"

urlpatterns = [
    path("attention/slots/<slug:placement>/", SlotView.as_view(), name="slots"),
    path(
        "attention/hide/",
        transaction.non_atomic_requests(require_same_origin(HideView.as_view())),
        name="hide",
    ),
    path("attention/interests/", interests, name="interests"),
    path("attention/schema/", SchemaView.as_view(), name="schema"),
    *event_urlpatterns,
]
