"""Ways to install the recommender wrongly, told by ``manage.py check``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages
from django.db import DatabaseError
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils.module_loading import import_string

from recommender.catalog.adapter import CatalogWriter, HostAdapter
from recommender.conf import recommender_settings

LABEL = "attention_recommender"
REQUEST_PROCESSOR = "django.template.context_processors.request"
MIDDLEWARE = "consent.middleware.VisitorMiddleware"


def connect(config: AppConfig) -> None:
    """Register every check."""
    register(check_settings, Tags.compatibility)
    register(check_apps, Tags.compatibility)
    register(check_middleware, Tags.compatibility)
    register(check_templates, Tags.templates)
    register(check_doors, Tags.compatibility)
    register(check_storage, Tags.files)
    register(check_sentence_encoder, Tags.files)
    register(check_placements, Tags.database)


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """E001 unknown key, E002 wrong type."""
    return recommender_settings.check(LABEL)


def check_apps(**kwargs: Any) -> list[CheckMessage]:
    """E003: an app that must be installed is not."""
    needed = {
        "django.contrib.sites": 'Add it to INSTALLED_APPS and set SITE_ID, e.g. "SITE_ID = 1".',
        "consent": "Add consent.apps.ConsentConfig to INSTALLED_APPS, before the recommender.",
    }
    return [
        Error(f"{name} is not installed.", hint=hint, id=f"{LABEL}.E003")
        for name, hint in needed.items()
        if not apps.is_installed(name)
    ]


def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """E004: without the middleware a personal page would lack ``private, no-store``."""
    if MIDDLEWARE in settings.MIDDLEWARE:
        return []
    return [
        Error(
            f"{MIDDLEWARE} is not in MIDDLEWARE.",
            hint="Add it after the session and authentication middleware: it keeps personal "
            "pages out of shared caches.",
            id=f"{LABEL}.E004",
        )
    ]


def check_templates(**kwargs: Any) -> list[CheckMessage]:
    """W005: ``{% recommendations %}`` would show nothing for want of ``request``."""
    engines: list[dict[str, Any]] = [
        engine
        for engine in settings.TEMPLATES
        if engine.get("BACKEND") == "django.template.backends.django.DjangoTemplates"
    ]
    lacking = [
        engine
        for engine in engines
        if REQUEST_PROCESSOR not in engine.get("OPTIONS", {}).get("context_processors", ())
    ]
    if engines and len(lacking) < len(engines):
        return []
    return [
        checks.Warning(
            "No template engine puts the request into its context.",
            hint=f"Add {REQUEST_PROCESSOR} to the context_processors of TEMPLATES.",
            id=f"{LABEL}.W005",
        )
    ]


def check_doors(**kwargs: Any) -> list[CheckMessage]:
    """E006 adapter and E007 writer: cannot be imported, or lack what the protocol names.

    W008: the adapter's card template does not exist.
    """
    try:
        adapter_path = recommender_settings.HOST_ADAPTER
        writer_path = recommender_settings.CATALOG_WRITER
    except ImproperlyConfigured:
        return []  # E002 tells
    adapter, found = _made("HOST_ADAPTER", adapter_path, HostAdapter, f"{LABEL}.E006")
    if writer_path:
        found += _made("CATALOG_WRITER", writer_path, CatalogWriter, f"{LABEL}.E007")[1]
    return found + (_check_card(adapter) if adapter is not None else [])


def check_storage(**kwargs: Any) -> list[CheckMessage]:
    """E009: the private storage of published models is missing; W010: it has public addresses."""
    try:
        alias = recommender_settings.MODEL_STORAGE
    except ImproperlyConfigured:
        return []  # E002 tells
    try:
        storage = storages[alias]
    except InvalidStorageError as error:
        return [
            Error(
                f"The storage of models cannot be used: {error}",
                hint='Add STORAGES["attention"]: a FileSystemStorage with a location outside '
                "MEDIA_ROOT and base_url None.",
                id=f"{LABEL}.E009",
            )
        ]
    location = str(getattr(storage, "location", ""))
    media = str(settings.MEDIA_ROOT)
    if location and media and (location + "/").startswith(media.rstrip("/") + "/"):
        return [
            checks.Warning(
                "Published models lie under MEDIA_ROOT, where anybody may read them.",
                hint=f"Move the location of STORAGES[{alias!r}]: models are personal data.",
                id=f"{LABEL}.W010",
            )
        ]
    return []


def check_sentence_encoder(**kwargs: Any) -> list[CheckMessage]:
    """W012: the folder of the sentence encoder does not exist."""
    try:
        folder = recommender_settings.SENTENCE_ENCODER
    except ImproperlyConfigured:
        return []  # E002 tells
    if not folder or Path(folder).is_dir():
        return []
    return [
        checks.Warning(
            f"ATTENTION_RECOMMENDER['SENTENCE_ENCODER'] = {folder!r} is no folder.",
            hint="Put the encoder there, or leave the key empty: training goes on without it.",
            id=f"{LABEL}.W012",
        )
    ]


def check_placements(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """W011: a placement has a recipe, fallback or rule that does not exist."""
    from recommender.serving.models import Fallback, Placement, Recipe, SeenRule

    found: list[CheckMessage] = []
    for alias in databases or ():
        known = {"recipe": Recipe.values, "fallback": Fallback.values, "seen": SeenRule.values}
        for field, values in known.items():
            rows = Placement.objects.using(alias).exclude(**{f"{field}__in": values})
            try:
                names = list(rows.values_list("name", field))
            except DatabaseError:
                return found  # not migrated yet
            found += [
                checks.Warning(
                    f"Placement {name!r} has an unknown {field} {value!r}.",
                    hint=f"Known: {', '.join(values)}. It is answered as the default.",
                    id=f"{LABEL}.W011",
                )
                for name, value in names
            ]
    return found


def _made(
    key: str, path: str, protocol: type, message_id: str
) -> tuple[Any | None, list[CheckMessage]]:
    """The object that ``path`` makes, or why it cannot be used."""
    try:
        factory: Callable[[], Any] = import_string(path)
        made = factory()
    except Exception as error:  # noqa: BLE001  a host's code; the check reports whatever it was
        problem = f"{type(error).__name__}: {error}"
        return None, [_door_error(key, path, problem, protocol, message_id)]
    if not isinstance(made, protocol):
        problem = "it does not have every attribute of the protocol"
        return None, [_door_error(key, path, problem, protocol, message_id)]
    return made, []


def _door_error(key: str, path: str, problem: str, protocol: type, message_id: str) -> CheckMessage:
    return Error(
        f"ATTENTION_RECOMMENDER[{key!r}] = {path!r} cannot be used: {problem}.",
        hint=f"Name a class that implements recommender.catalog.adapter.{protocol.__name__}.",
        id=message_id,
    )


def _check_card(adapter: HostAdapter) -> list[CheckMessage]:
    try:
        get_template(adapter.card_template)
    except TemplateDoesNotExist:
        return [
            checks.Warning(
                f"The card template {adapter.card_template!r} does not exist.",
                hint="Slates show nothing without it.",
                id=f"{LABEL}.W008",
            )
        ]
    except Exception:  # noqa: BLE001
        return []  # a broken template is reported by Django's own checks and by the page
    return []
