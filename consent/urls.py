"""Addresses of this floor, with full paths: a host includes them at its root."""

from __future__ import annotations

from django.urls import path

from consent import api, views

app_name = "attention_consent"

urlpatterns = [
    path("attention/consent/", api.ChooseView.as_view(), name="choose"),
    path("attention/consent/state/", api.StateView.as_view(), name="state"),
    path("attention/preferences/", views.preferences, name="preferences"),
    path("attention/policy/", views.policy, name="policy"),
    path("attention/rights/", views.rights, name="rights"),
    path("attention/rights/export/", api.ExportView.as_view(), name="export"),
    path("attention/rights/erase/", views.erase_everything, name="erase"),
    path(".well-known/gpc.json", views.gpc_support, name="gpc"),
]
