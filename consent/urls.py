"""Addresses of this floor, with full paths: a host includes them at its root."""

from __future__ import annotations

from django.urls import path

from consent import api, key_api, views
from consent.erasure import views as proof_views
from consent.policies import views as policies
from consent.rights import verify_views
from consent.rights.urls import urlpatterns as rights_urlpatterns

app_name = "attention_consent"

urlpatterns = [
    path("attention/consent/", api.ChooseView.as_view(), name="choose"),
    path("attention/consent/state/", api.StateView.as_view(), name="state"),
    path("attention/preferences/", views.preferences, name="preferences"),
    path("attention/gift/", views.gift, name="gift"),
    path("attention/policy/", policies.policy, name="policy"),
    path("attention/policy/versions/", policies.history, name="policy_history"),
    path("attention/policy/versions/<int:number>/", policies.version, name="policy_version"),
    path("attention/policy/seen/", policies.seen, name="policy_seen"),
    path("attention/keys/", key_api.KeysView.as_view(), name="keys"),
    path("attention/keys/<slug:kid>.pem", verify_views.key, name="key"),
    path("attention/verify/", verify_views.verify, name="verify"),
    *rights_urlpatterns,
    path("attention/proofs/<uuid:proof_id>/", proof_views.proof, name="proof"),
    path(
        "attention/proofs/<uuid:proof_id>/proof.json",
        proof_views.proof_document,
        name="proof_document",
    ),
    path(
        "attention/proofs/<uuid:proof_id>/proof.sig",
        proof_views.proof_signature,
        name="proof_signature",
    ),
    path(".well-known/gpc.json", views.gpc_support, name="gpc"),
]
