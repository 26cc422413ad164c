"""Each way to install the recommender wrongly has a check with an id and a hint."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from recommender import checks
from recommender.serving.models import Placement


def ids(messages: list[Any]) -> list[str]:
    assert all(message.hint for message in messages)
    return [message.id.removeprefix("attention_recommender.") for message in messages]


def with_setting(settings: Settings, **values: Any) -> None:
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, **values}


def test_our_own_settings_pass_every_check(site: object) -> None:
    assert checks.check_settings() == []
    assert checks.check_apps() == []
    assert checks.check_middleware() == []
    assert checks.check_templates() == []
    assert checks.check_doors() == []
    assert checks.check_storage() == []
    assert checks.check_sentence_encoder() == []
    assert checks.check_placements(databases=["default"]) == []


def test_an_unknown_key_is_an_error(settings: Settings) -> None:
    with_setting(settings, SLATE_BUDGTE_MS=50)

    assert ids(checks.check_settings()) == ["E001"]


def test_a_value_of_a_wrong_type_is_an_error(settings: Settings) -> None:
    with_setting(settings, SLATE_BUDGET_MS="50")

    assert ids(checks.check_settings()) == ["E002"]


def test_a_sentence_encoder_must_be_a_folder(settings: Settings, tmp_path: Path) -> None:
    with_setting(settings, SENTENCE_ENCODER=str(tmp_path))
    assert checks.check_sentence_encoder() == []

    with_setting(settings, SENTENCE_ENCODER=str(tmp_path / "absent"))
    assert ids(checks.check_sentence_encoder()) == ["W012"]


def test_the_sites_framework_must_be_installed(settings: Settings) -> None:
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if "sites" not in app]

    assert ids(checks.check_apps()) == ["E003"]


def test_the_middleware_must_be_there(settings: Settings) -> None:
    settings.MIDDLEWARE = []

    assert ids(checks.check_middleware()) == ["E004"]


def test_templates_need_the_request(settings: Settings) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "OPTIONS": {}}]

    assert ids(checks.check_templates()) == ["W005"]


@pytest.mark.parametrize("path", ["", "nowhere.Adapter", "builtins.dict", "os.path.nothing"])
def test_an_adapter_that_cannot_be_used_is_an_error(path: str, settings: Settings) -> None:
    with_setting(settings, HOST_ADAPTER=path)

    assert ids(checks.check_doors()) == ["E006"]


def test_a_writer_that_cannot_be_used_is_an_error(settings: Settings) -> None:
    with_setting(settings, CATALOG_WRITER="nowhere.Writer")

    assert ids(checks.check_doors()) == ["E007"]


def test_a_card_template_that_does_not_exist_is_a_warning(
    host: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "card_template", "no/such.html")

    assert ids(checks.check_doors()) == ["W008"]


def test_a_storage_of_models_must_be_configured(settings: Settings) -> None:
    with_setting(settings, MODEL_STORAGE="nowhere")

    assert ids(checks.check_storage()) == ["E009"]


def test_models_must_not_lie_where_anybody_may_read_them(
    settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)

    assert ids(checks.check_storage()) == ["W010"]


def test_a_placement_with_an_unknown_recipe_is_a_warning(site: object) -> None:
    Placement.objects.filter(name="home").update(recipe="magic")

    assert ids(checks.check_placements(databases=["default"])) == ["W011"]


def test_the_documentation_lists_every_id() -> None:
    root = Path(checks.__file__).parents[1]
    page = (root / "docs/reference/recommender-checks.md").read_text()
    source = Path(checks.__file__).read_text()

    raised = set(re.findall(r"\{LABEL\}\.([EW]\d{3})", source)) | {"E001", "E002"}
    listed = set(re.findall(r"`attention_recommender\.([EW]\d{3})`", page))

    assert raised == listed
