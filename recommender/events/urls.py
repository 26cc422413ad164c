"""Addresses of event collection."""

from __future__ import annotations

from django.db import transaction
from django.urls import path

from recommender.events import pages
from recommender.events.views import EventsView

urlpatterns = [
    path(
        "attention/events/",
        transaction.non_atomic_requests(EventsView.as_view()),
        name="events",
    ),
    path("attention/history/", pages.history, name="history"),
    path("attention/forget/", pages.forget, name="forget"),
]
