"""Addresses of the rights, under the names of this floor."""

from __future__ import annotations

from django.urls import path

from consent.rights import export_api, guest_views, views

_BASE = "attention/rights/"

urlpatterns = [
    path(_BASE, views.rights, name="rights"),
    path(f"{_BASE}held/<str:label>/", views.held, name="rights_held"),
    path(f"{_BASE}receipts/<int:sequence>/", views.receipt, name="receipt"),
    path(f"{_BASE}export/", export_api.ExportView.as_view(), name="export"),
    path(f"{_BASE}export/csv/", export_api.ExportTablesView.as_view(), name="export_tables"),
    path(f"{_BASE}restrict/", views.restrict, name="restrict"),
    path(f"{_BASE}lift/", views.lift, name="lift"),
    path(f"{_BASE}stop/", views.stop, name="stop"),
    path(f"{_BASE}erase/", views.erase, name="erase"),
    path(f"{_BASE}correct/", views.correct, name="correct"),
    path(f"{_BASE}sections/<str:label>/", views.section, name="rights_section"),
    path(f"{_BASE}guest/", guest_views.ask, name="guest_ask"),
    path(f"{_BASE}guest/act/", guest_views.act, name="guest_act"),
    path(f"{_BASE}guest/link/<str:token>/", guest_views.link, name="guest"),
]
