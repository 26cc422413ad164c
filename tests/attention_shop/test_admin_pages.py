"""Every page of the admin opens for the shop's administrator and for nobody else."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.sites.models import Site
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from tests.recommender.training_django.conftest import EVIDENCE

OURS = ("attention_consent", "attention_recommender", "attention_storefront")
MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label in OURS),
    key=lambda model: model._meta.label,
)


def _address(model: type[Model], page: str, *args: object) -> str:
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


@pytest.fixture
def filled(db: None) -> Site:
    """A shop with products, a person, a decision and an import of each."""
    from consent.purposes import BANNER_PURPOSES
    from consent.services import import_decisions
    from recommender.catalog.records import CategoryRecord, ProductRecord
    from recommender.catalog.services import mirror_products
    from recommender.training.models import ModelVersion, TrainingRun

    site = Site.objects.get(pk=1)
    category = CategoryRecord(key="tea", name="Tea")
    mirror_products(
        site=site, records=[ProductRecord(key="p1", title="Green tea", category=category)]
    )
    import_decisions(
        site=site,
        count=1,
        purposes=BANNER_PURPOSES,
        importer="tests",
        legal_basis="tests",
        evidence_hash=EVIDENCE,
    )
    run = TrainingRun.objects.create(site=site, step=3, steps=9)
    measures = {"mix": {"ndcg@10": 0.1, "hr@10": 0.2}, "served": {"ndcg@10": 0.1, "hr@10": 0.2}}
    version = ModelVersion.objects.create(
        site=site,
        version="a" * 64,
        run=run,
        cut="2026-01-01T00:00:00Z",
        card={"weights": {"attention": 0.0, "popularity": 1.0}, "metrics": {"test": measures}},
    )
    version.gates.create(name="self_test", value=0.0, limit=0.01, passed=True, message="Fine.")
    return site


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_lists_and_rows_open_for_the_administrator(
    model: type[Model], filled: Site, admin_client: Client
) -> None:
    assert admin_client.get(_address(model, "changelist")).status_code == 200

    row = model._default_manager.first()
    if row is not None:
        assert admin_client.get(_address(model, "change", row.pk)).status_code == 200


def test_a_version_says_when_attention_earned_no_weight(filled: Site, admin_client: Client) -> None:
    from recommender.training.models import ModelVersion

    page = admin_client.get(_address(ModelVersion, "changelist"))

    assert "none: the mix without it serves" in page.content.decode()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.model_name)
def test_nobody_else_gets_in(model: type[Model], db: None, client: Client) -> None:
    answer = client.get(_address(model, "changelist"))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
