from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.test.utils import isolate_apps
from pytest_django import Settings

from consent import checks, holdings, keys
from consent.conf import AppSettings, consent_settings
from consent.holdings import declare

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "consent.md"


def ids(messages: list[Any]) -> list[str]:
    assert all(message.hint for message in messages)
    return [message.id.removeprefix("attention_consent.") for message in messages]


def set_options(settings: Settings, **options: Any) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, **options}


def test_a_sound_installation_has_no_complaint_about_settings() -> None:
    assert checks.check_settings() == []
    assert checks.check_middleware() == []
    assert checks.check_sites() == []
    assert checks.check_sqlite() == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"REASK_MONTH": 3}, "E001"),
        ({"REASK_MONTHS": "6"}, "E002"),
        ({"REASK_MONTHS": True}, "E002"),
        ({"OFFERED_PURPOSES": ["everything"]}, "E003"),
        ({"OFFERED_PURPOSES": ["necessary"]}, "E003"),
        ({"POLICY": {"en": {"title": "t"}}}, "E004"),
        ({"POLICY": {}}, "E004"),
    ],
)
def test_wrong_settings_are_errors(
    settings: Settings, options: dict[str, Any], expected: str
) -> None:
    set_options(settings, **options)
    assert ids(checks.check_settings()) == [expected]


def test_keys_that_are_missing_malformed_improvised_or_open_to_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(keys.ENVIRONMENT, raising=False)
    path = tmp_path / "keys.json"
    set_options(settings, KEYS_FILE=path, KEYS=None)
    monkeypatch.setitem(keys._development, "allowed", False)
    keys.keyring.cache_clear()
    assert ids(checks.check_keys()) == ["E005"]
    path.write_text("[]")
    keys.keyring.cache_clear()
    assert ids(checks.check_keys()) == ["E006"]
    path.unlink()
    monkeypatch.setitem(keys._development, "allowed", True)
    keys.keyring.cache_clear()
    assert ids(checks.check_keys()) == ["W007"]
    path.write_text('[{"kid": "a", "key": "' + "A" * 43 + '="}]')
    path.chmod(0o644)
    keys.keyring.cache_clear()
    assert ids(checks.check_keys()) == ["W008"]
    path.chmod(0o600)
    assert checks.check_keys() == []
    keys.keyring.cache_clear()


@pytest.mark.parametrize("root", ["MEDIA_ROOT", "STATIC_ROOT"])
def test_checkpoints_are_never_served(settings: Settings, tmp_path: Path, root: str) -> None:
    assert checks.check_ledger_dir() == []
    setattr(settings, root, str(tmp_path))
    set_options(settings, LEDGER_DIR=tmp_path / "ledger")
    assert ids(checks.check_ledger_dir()) == ["E015"]


def test_a_cache_that_keeps_nothing_is_told(settings: Settings) -> None:
    assert checks.check_cache() == []
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert ids(checks.check_cache()) == ["W017"]


def test_the_middleware_must_stand_behind_the_login(settings: Settings) -> None:
    ours, login = checks.MIDDLEWARE, "django.contrib.auth.middleware.AuthenticationMiddleware"
    settings.MIDDLEWARE = [login]
    assert ids(checks.check_middleware()) == ["E009"]
    settings.MIDDLEWARE = [ours, login]
    assert ids(checks.check_middleware()) == ["E010"]
    settings.MIDDLEWARE = [login, ours]
    assert checks.check_middleware() == []


def test_a_model_of_ours_that_reaches_a_person_must_be_registered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with isolate_apps("django.contrib.sites"):

        class Seen(models.Model):
            shopper = models.UUIDField()

            class Meta:
                app_label = "attention_consent"

        class SeenDetail(models.Model):
            seen = models.ForeignKey(Seen, models.CASCADE)

            class Meta:
                app_label = "attention_consent"

        class Plain(models.Model):
            class Meta:
                app_label = "attention_consent"

        class HostRow(models.Model):
            shopper_id = models.UUIDField()

            class Meta:
                app_label = "host"

    monkeypatch.setattr(holdings, "_declared", dict(holdings._declared))
    monkeypatch.setattr(checks.apps, "get_models", lambda: [Seen, SeenDetail, Plain, HostRow])
    assert ids(checks.check_holdings()) == ["E013", "E013", "I014"]
    declare("attention_consent.Seen", "attention_consent.SeenDetail", reason="a test")
    assert ids(checks.check_holdings()) == ["I014"]
    declare("host.HostRow", reason="a test")
    assert checks.check_holdings() == []


def test_every_model_of_this_floor_is_covered() -> None:
    covered = holdings.covered_models()
    for model in apps.get_app_config("attention_consent").get_models():
        assert not checks._person_reached(model) or model._meta.label_lower in covered


def test_every_check_and_setting_is_documented() -> None:
    text = DOCS.read_text()
    source = Path(checks.__file__).read_text()
    used = set(re.findall(r'\{LABEL\}\.([EWI]\d{3})"', source)) | {"E001", "E002"}
    assert set(re.findall(r"`attention_consent\.([EWI]\d{3})`", text)) == used
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))
    assert documented == set(consent_settings.options)


def test_settings_are_typed_and_read_at_use(settings: Settings) -> None:
    class Shop(AppSettings, setting="ATTENTION_TEST"):
        SIZE: Annotated[int, "Products on a page."] = 12
        RATIO: Annotated[float | None, "A share."] = None

    shop = Shop()
    assert (shop.SIZE, shop.RATIO) == (12, None)
    settings.ATTENTION_TEST = {"SIZE": 3, "RATIO": 1}
    assert (shop.SIZE, shop.RATIO) == (3, 1)
    settings.ATTENTION_TEST = {"SIZE": "3"}
    with pytest.raises(ImproperlyConfigured, match="SIZE"):
        _ = shop.SIZE
    settings.ATTENTION_TEST = []
    assert [message.id for message in shop.check("label")] == []
    settings.ATTENTION_TEST = ["SIZE"]
    assert [message.id for message in shop.check("label")] == ["label.E002"]
