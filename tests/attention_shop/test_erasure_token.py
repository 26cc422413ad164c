"""One person's words and key in every field and place: after the erasure only where it is declared.

The person is built from the models themselves, so a model added later takes part by itself.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.sites.models import Site
from django.core.cache import cache
from django.db import connection, models
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from attention_shop.storefront.accounts.session_store import ShopSession
from attention_shop.storefront.catalog.models import Product
from consent import services
from consent.checks import _person_reached
from consent.decisions import Circumstances, open_shopper
from consent.models import Erasure, Shopper
from consent.policies.selectors import current_policy
from consent.purposes import BANNER_PURPOSES
from recommender.catalog.models import Category
from recommender.catalog.records import ProductRecord
from recommender.catalog.services import mirror_products
from recommender.events.kinds import Kind
from recommender.events.records import ImportedEvent
from recommender.events.services import import_events
from recommender.training import lineage
from recommender.training.folders import clear_run, manifest_dir
from recommender.training.manifest import build_manifest
from recommender.training.models import ModelVersion, RunState, TrainingRun

pytestmark = pytest.mark.django_db

OURS = {"attention_consent", "attention_recommender", "attention_ads", "attention_storefront"}
MADE_BY_SERVICES = {
    "attention_consent.shopper",
    "attention_consent.consentstate",
    "attention_consent.erasure",
    "attention_recommender.event",
    "attention_storefront.shopsession",
}
ROLES = {"attention_recommender.merchantmember", "attention_recommender.trainingrun"}
"""What an account does for the shop, not what it bought there: declared, and kept."""

SESSION_CONTENT = "attention_storefront_shopsession.session_data"

ALLOWED_AFTER: dict[str, str] = {
    "auth_user.id": "the account stays until the person closes it",
    "auth_user.username": "the account stays until the person closes it",
    "auth_user.email": "the account stays until the person closes it",
    "auth_user.first_name": "the account stays until the person closes it",
    SESSION_CONTENT: "who is logged in, and no more",
    "attention_storefront_shopsession.user_id": "who is logged in, and no more",
    "attention_consent_datarequest.reference": "proof that a request was answered",
    "attention_consent_datarequest.subject": "proof that a request was answered",
    "attention_consent_datarequest.language": "proof that a request was answered",
    "attention_consent_datarequest.detail": "what was asked, until it is answered",
    "attention_consent_datarequest.mail": "where the answer goes, until it is given",
    "attention_consent_datarequest.reason": "proof that a request was answered",
    "attention_consent_datarequest.outcome": "proof that a request was answered",
    "attention_storefront_order.id": "names the order on the books, without the person",
    "attention_storefront_order.number": "names the order on the books, without the person",
    "attention_storefront_order.basket_token": "keeps an order from being placed twice",
}
"""Columns that may still hold what the test wrote there, and why."""


ONLINE_SECONDS = 60


class Person:
    """Somebody with a token of their own in whatever can hold one."""

    def __init__(self, site: Site, token: str) -> None:
        self.site, self.token = site, token
        self.uuid = uuid.uuid5(uuid.NAMESPACE_DNS, token)
        self.number = 700_000_000 + self.uuid.int % 99_999_999
        self.user = get_user_model().objects.create_user(
            f"{token}-name",
            id=self.number,
            email=f"{token}@example.test",
            password=token,
            first_name=token,
        )
        self.shopper = open_shopper(
            site_id=site.pk,
            user=self.user,
            purposes=BANNER_PURPOSES,
            policy=current_policy(site_id=site.pk),
            how=Circumstances(actor="shopper", source="banner"),
        )
        self._made: dict[type[models.Model], models.Model] = {}

    @property
    def traces(self) -> tuple[str, ...]:
        """How the person can appear as text."""
        keys = (self.shopper.pk, self.uuid)
        texts = (self.token, str(self.number))
        return (*texts, *(str(key) for key in keys), *(key.hex for key in keys))

    def fill(self, model: type[models.Model]) -> models.Model:
        """Make a row of ``model`` for this person with the token in every field that takes it."""
        if model not in self._made:
            values = {field.attname: self._value(field) for field in _fields(model)}
            row = model(**{name: value for name, value in values.items() if value is not None})
            row.save(force_insert=True)
            self._made[model] = row
        return self._made[model]

    def _value(self, field: Any) -> Any:
        if field.is_relation:
            return self._target(field)
        if field.choices:
            return field.choices[0][0] if not field.has_default() else field.get_default()
        if isinstance(field, models.EmailField):
            return f"{self.token}@example.test"
        if isinstance(field, models.CharField | models.TextField):
            return self.token if (field.max_length or 99) >= len(self.token) else ""
        if isinstance(field, models.UUIDField):
            return self.uuid
        if isinstance(field, models.JSONField):
            return {"said": self.token}
        if isinstance(field, models.DateTimeField):
            return timezone.now()
        return None if field.has_default() else int(not field.name.endswith("micros"))

    def _target(self, field: Any) -> Any:
        model = field.related_model
        if model is Shopper:
            return self.shopper.pk
        if model is get_user_model():
            return self.user.pk
        if model is Site:
            return self.site.pk
        if field.null and model is Erasure:
            return None
        if _person_reached(model):
            return self.fill(model).pk
        known = model._default_manager.first()
        assert known is not None, f"{field} needs a row of {model}"
        return known.pk


def _fields(model: type[models.Model]) -> Iterator[Any]:
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.AutoField | models.CompositePrimaryKey):
            yield field


def _models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models()
        if model._meta.app_label in OURS
        and not model._meta.proxy
        and model._meta.label_lower not in MADE_BY_SERVICES | ROLES
        and _person_reached(model)
    ]


def _columns() -> dict[str, list[str]]:
    """Every value of every column as text, row by row; sessions decoded."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    found.setdefault(f"{table}.{name}", []).append(repr(value))
    sessions = ShopSession.objects.order_by("pk")
    found[SESSION_CONTENT] = [repr(sorted(each.get_decoded().items())) for each in sessions]
    return found


def _where(person: Person, place: Path) -> set[str]:
    """The columns and files that hold a trace of a person."""
    columns = {
        column
        for column, values in _columns().items()
        if any(trace in value for value in values for trace in person.traces)
    }
    files = {
        str(path.relative_to(place))
        for path in place.rglob("*")
        if path.is_file() and _holds(path, person)
    }
    return columns | files


def _holds(path: Path, person: Person) -> bool:
    content = str(path).encode() + path.read_bytes()
    traces = [trace.encode() for trace in person.traces]
    return any(trace in content for trace in (*traces, person.shopper.pk.bytes))


def _rows_of(person: Person) -> dict[str, list[tuple[str, ...]]]:
    """Every row that holds a trace of a person, whole and byte for byte."""
    found: dict[str, list[tuple[str, ...]]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = [tuple(map(repr, row)) for row in cursor.fetchall()]
            found[table] = sorted(
                row
                for row in rows
                if any(trace in value for value in row for trace in person.traces)
            )
    return found


@pytest.fixture
def place(settings: Settings, tmp_path: Path) -> Path:
    """Everything that is kept on disk, in folders of this test."""
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "LEDGER_DIR": tmp_path / "ledger"}
    settings.ATTENTION_RECOMMENDER = {
        **settings.ATTENTION_RECOMMENDER,
        "RUNS_DIR": str(tmp_path / "runs"),
    }
    files = "django.core.files.storage.FileSystemStorage"
    models_at = {"BACKEND": files, "OPTIONS": {"location": tmp_path / "models", "base_url": None}}
    settings.STORAGES = {**settings.STORAGES, "attention": models_at}
    if not django_settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        default = {**settings.CACHES["default"], "LOCATION": tmp_path / "cache"}
        settings.CACHES = {**settings.CACHES, "default": default}
    return tmp_path


@pytest.fixture
def site(db: None) -> Site:
    site = Site.objects.get(pk=1)
    records = [
        ProductRecord(key=f"p{number}", title=f"Product {number}", price_micros=1_000_000)
        for number in range(4)
    ]
    mirror_products(site=site, records=records)
    Category.objects.create(site=site, host_key="c", name="Things")
    Product.objects.create(site=site, sku="s0", title="Thing", created_at=timezone.now())
    return site


def _person(site: Site, token: str) -> Person:
    person = Person(site, token)
    for model in _models():
        person.fill(model)
    import_events(
        site=site,
        rows=[
            ImportedEvent(
                shopper_id=person.shopper.pk,
                source_id=f"{token}-{number}",
                kind=Kind.VIEW,
                occurred_at=datetime.now(UTC),
                product_key=f"p{number}",
            )
            for number in range(4)
        ],
    )
    session = import_module(django_settings.SESSION_ENGINE).SessionStore()
    session.update({"_auth_user_id": str(person.user.pk), "attention_storefront_orders": [token]})
    session.save()
    return person


def _learn(site: Site) -> ModelVersion:
    """A finished run over both people, and its version."""
    run = TrainingRun.objects.create(site=site, state=RunState.FINISHED)
    folder = manifest_dir(run.pk)
    manifest = build_manifest(site=site, cut=timezone.now(), folder=folder)
    lesson = lineage.record_lesson(run=run, manifest=manifest, folder=folder)
    clear_run(run.pk)
    return ModelVersion.objects.create(
        site=site, run=run, version="a" * 64, cut=lesson.cut, lesson=lesson
    )


def test_the_token_of_an_erased_person_is_found_only_where_it_is_declared(
    site: Site,
    place: Path,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    caplog.set_level(logging.DEBUG)
    person, neighbor = _person(site, "Zq7Kx9VwPm"), _person(site, "Hb3Ty8RnQd")
    version = _learn(site)
    client.force_login(person.user)
    for page in ("/", "/attention/rights/", "/attention/preferences/", "/basket/"):
        assert client.get(page).status_code in (200, 404)
    before, next_door = _where(person, place), _rows_of(neighbor)
    held = {column.partition(".")[0] for column in before}
    assert {model._meta.db_table for model in _models()} <= held
    assert {"attention_recommender_event", "attention_storefront_shopsession", "auth_user"} <= held

    with django_capture_on_commit_callbacks(execute=True):
        services.erase(shopper_id=person.shopper.pk, actor="shopper")

    assert not Erasure.objects.due().exists()
    left = _where(person, place)
    assert not left - set(ALLOWED_AFTER), " ".join(sorted(left))
    assert all(person.token not in each for each in _columns()[SESSION_CONTENT])
    assert _rows_of(neighbor) == next_door
    assert not any(trace in caplog.text for trace in person.traces)
    assert lineage.deadline_of(ModelVersion.objects.get(pk=version.pk)) is not None
    assert _longest_in_caches(person) <= ONLINE_SECONDS


def _longest_in_caches(person: Person) -> int:
    """Return the seconds for which Redis still holds anything named after the person.

    What stays refuses: a shut gate, and the mark that a history was deleted. A cache of files was
    looked through as files.
    """
    if not django_settings.REDIS_URL:
        return 0
    client = cache._cache.get_client()  # type: ignore[attr-defined]
    names = [name.decode("utf-8", "replace") for name in client.scan_iter(count=1000)]
    named = [name for name in names if any(trace in name for trace in person.traces)]
    assert {name.split(":")[-2] for name in named} <= {"gate", "history-mark"}
    ages = [client.ttl(name) for name in named]
    assert -1 not in ages  # none without an end
    return max(ages, default=0)
