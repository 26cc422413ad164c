"""Find wrong installations before they matter. Ids are listed in docs/reference/consent.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Info
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, models
from django.utils.module_loading import import_string

from consent import keys
from consent.chains.checkpoint_file import ledger_dir
from consent.conf import consent_settings
from consent.holdings import covered_models
from consent.purposes import Purpose
from consent.retention.rules import DEFAULT_DAYS

LABEL = "attention_consent"
OWN_LABELS = frozenset({"attention_consent", "attention_recommender", "attention_ads"})
MIDDLEWARE = "consent.middleware.VisitorMiddleware"
DUMMY_CACHE = "django.core.cache.backends.dummy.DummyCache"


def check_settings(**kwargs: Any) -> list[CheckMessage]:
    """Find unknown keys and values that cannot be used."""
    messages = consent_settings.check(LABEL)
    if messages:
        return messages
    unknown = [name for name in consent_settings.OFFERED_PURPOSES if name not in set(Purpose)]
    if unknown or Purpose.NECESSARY in consent_settings.OFFERED_PURPOSES:
        messages.append(
            Error(
                "ATTENTION_CONSENT['OFFERED_PURPOSES'] names what cannot be offered.",
                hint="Choose from: " + ", ".join(sorted(set(Purpose) - {Purpose.NECESSARY})) + ".",
                id=f"{LABEL}.E003",
            )
        )
    if not consent_settings.POLICY:
        messages.append(
            Error(
                "ATTENTION_CONSENT['POLICY'] holds no text.",
                hint="Give at least one language, or leave the key out for the default texts.",
                id=f"{LABEL}.E004",
            )
        )
    for language, text in consent_settings.POLICY.items():
        missing = {"title", "notice", "body"} - set(text)
        if missing:
            messages.append(
                Error(
                    f"The policy text in {language!r} lacks {', '.join(sorted(missing))}.",
                    hint="Each language needs title, notice (the banner sentence) and body.",
                    id=f"{LABEL}.E004",
                )
            )
    return messages


def check_retention(**kwargs: Any) -> list[CheckMessage]:
    """Find periods of retention that belong to no rule, or are none."""
    given = consent_settings.given().get("RETENTION_DAYS") or {}
    if not isinstance(given, Mapping):
        return []
    wrong = [
        label
        for label, days in given.items()
        if label not in DEFAULT_DAYS or not isinstance(days, int) or days < 1
    ]
    return [
        Error(
            f"ATTENTION_CONSENT['RETENTION_DAYS'][{label!r}] is no rule with a number of days.",
            hint="Choose from: " + ", ".join(sorted(DEFAULT_DAYS)) + ".",
            id=f"{LABEL}.E016",
        )
        for label in wrong
    ]


def check_keys(**kwargs: Any) -> list[CheckMessage]:
    """Find missing, malformed or improvised master keys."""
    try:
        ring = keys.keyring()
    except keys.KeysMissing as error:
        return [
            Error(
                "There are no master keys.",
                hint=str(error),
                id=f"{LABEL}.E005",
            )
        ]
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="See docs/reference/consent.md.", id=f"{LABEL}.E006")]
    if ring.source == "debug":
        return [
            CheckWarning(
                "The master keys are derived from SECRET_KEY.",
                hint="Good for development only. Run 'manage.py consent_keys --create'.",
                id=f"{LABEL}.W007",
            )
        ]
    if ring.source == "file" and keys.keys_path().stat().st_mode & 0o077:
        return [
            CheckWarning(
                f"Others can read {keys.keys_path()}.",
                hint="Run chmod 600 on it.",
                id=f"{LABEL}.W008",
            )
        ]
    return []


def check_ledger_dir(**kwargs: Any) -> list[CheckMessage]:
    """Find checkpoints that everybody could fetch."""
    if consent_settings.check(LABEL):
        return []
    folder = ledger_dir().resolve()
    served = [getattr(settings, name, None) for name in ("MEDIA_ROOT", "STATIC_ROOT")]
    if not any(root and folder.is_relative_to(Path(root).resolve()) for root in served):
        return []
    return [
        Error(
            f"The checkpoints of the ledger would be served: {folder}.",
            hint="Set ATTENTION_CONSENT['LEDGER_DIR'] to a private folder.",
            id=f"{LABEL}.E015",
        )
    ]


def check_cache(**kwargs: Any) -> list[CheckMessage]:
    """Find a cache that forgets the counts of the limits at once."""
    if settings.CACHES.get("default", {}).get("BACKEND") != DUMMY_CACHE:
        return []
    return [
        CheckWarning(
            "The default cache keeps nothing.",
            hint="Limits, as of mails sent to guests, are counted by each process alone and allow "
            "as many times more. Set CACHES['default'] to a cache that processes share.",
            id=f"{LABEL}.W017",
        )
    ]


def check_middleware(**kwargs: Any) -> list[CheckMessage]:
    """Find a middleware that is missing or comes before the login it needs."""
    installed = list(settings.MIDDLEWARE)
    positions = [i for i, path in enumerate(installed) if _is_subclass(path, MIDDLEWARE)]
    if not positions:
        return [
            Error(
                f"{MIDDLEWARE} is not in MIDDLEWARE.",
                hint="Add it after the authentication middleware.",
                id=f"{LABEL}.E009",
            )
        ]
    login = "django.contrib.auth.middleware.AuthenticationMiddleware"
    after = [i for i, path in enumerate(installed) if _is_subclass(path, login)]
    if after and positions[0] < after[0]:
        return [
            Error(
                f"{MIDDLEWARE} comes before the authentication middleware.",
                hint="Move it behind: a key counts only for the account it was made for.",
                id=f"{LABEL}.E010",
            )
        ]
    return []


def check_sites(**kwargs: Any) -> list[CheckMessage]:
    """Find a host without the sites framework."""
    if apps.is_installed("django.contrib.sites"):
        return []
    return [
        Error(
            "django.contrib.sites is not installed.",
            hint="Add it to INSTALLED_APPS: shoppers and policies belong to a site.",
            id=f"{LABEL}.E011",
        )
    ]


def check_sqlite(**kwargs: Any) -> list[CheckMessage]:
    """Find SQLite databases whose transactions cannot hold the gate's answer."""
    return [
        Error(
            f"The SQLite database {alias!r} does not begin its transactions IMMEDIATE.",
            hint='Set OPTIONS["transaction_mode"] = "IMMEDIATE", or an event may be stored while '
            "its permission is withdrawn.",
            id=f"{LABEL}.E012",
        )
        for alias in connections
        if connections[alias].vendor == "sqlite"
        and str(connections[alias].settings_dict["OPTIONS"].get("transaction_mode", "")).upper()
        not in {"IMMEDIATE", "EXCLUSIVE"}
    ]


def check_holdings(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Find models that reach a person and are neither registered nor declared."""
    covered = covered_models()
    messages: list[CheckMessage] = []
    for model in apps.get_models():
        if model._meta.label_lower in covered or model._meta.proxy:
            continue
        target = _person_reached(model)
        if not target:
            continue
        if model._meta.app_label in OWN_LABELS:
            messages.append(
                Error(
                    f"{model._meta.label} reaches {target} and is not registered.",
                    hint="Register a Holding for it, or declare why it needs none "
                    "(consent.holdings).",
                    obj=model,
                    id=f"{LABEL}.E013",
                )
            )
        else:
            messages.append(
                Info(
                    f"{model._meta.label} reaches {target} and is not registered.",
                    hint="Register a Holding to have it shown and erased, or declare it "
                    "(consent.holdings).",
                    obj=model,
                    id=f"{LABEL}.I014",
                )
            )
    return messages


def _person_reached(model: type[models.Model]) -> str:
    """Return the label of the person ``model`` reaches, empty if none.

    Shoppers are followed through any number of foreign keys and by a bare ``shopper_id``;
    accounts count when they are pointed at directly.
    """
    if _points_at(model, settings.AUTH_USER_MODEL.lower()):
        return str(settings.AUTH_USER_MODEL)
    seen: set[type[models.Model]] = set()
    waiting = [model]
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        for field in each._meta.get_fields():
            if isinstance(field, models.UUIDField) and field.name in {"shopper", "shopper_id"}:
                return f"{LABEL}.Shopper"
            target = _target(field)
            if target is None:
                continue
            if target._meta.label_lower == f"{LABEL}.shopper":
                return f"{LABEL}.Shopper"
            waiting.append(target)
    return ""


def _points_at(model: type[models.Model], label: str) -> bool:
    targets = [_target(field) for field in model._meta.get_fields()]
    return any(target is not None and target._meta.label_lower == label for target in targets)


def _target(field: Any) -> type[models.Model] | None:
    """Return the model a field of this model points at; reverse relations do not count."""
    if not getattr(field, "concrete", False) or not field.is_relation:
        return None
    target = field.related_model
    return target if isinstance(target, type) else None


def _is_subclass(path: str, wanted: str) -> bool:
    if path == wanted:
        return True
    try:
        found, base = import_string(path), import_string(wanted)
    except ImportError:
        return False
    return isinstance(found, type) and isinstance(base, type) and issubclass(found, base)


ALL: tuple[Callable[..., list[CheckMessage]], ...] = (
    check_settings,
    check_retention,
    check_keys,
    check_ledger_dir,
    check_cache,
    check_middleware,
    check_sites,
    check_sqlite,
    check_holdings,
)
