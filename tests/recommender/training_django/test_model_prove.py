"""A version's digests can be recomputed, and a difference is said with its name."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from io import StringIO
from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from consent import services
from consent.ledger import guards
from recommender.events.models import Event
from recommender.training.manifest import PEOPLE
from recommender.training.models import ModelVersion, RunState
from recommender.training.selectors import model_storage
from recommender.training.services import advance, request_training
from tests.recommender.training_django.conftest import Remember

Prove = Callable[[ModelVersion], dict[str, str]]


@pytest.fixture
def people(remember: Remember) -> list[UUID]:
    return remember(25)


@pytest.fixture
def version(site: Site, people: list[UUID]) -> ModelVersion:
    """A model trained for real, on as little as will do."""
    run = request_training(site=site, cpu_seconds=8)
    deadline = time.monotonic() + 120
    while run.is_active and time.monotonic() < deadline:
        run = advance(run_id=run.pk)
        run.refresh_from_db()
        time.sleep(0.1)
    assert run.state == RunState.FINISHED, run.message
    return ModelVersion.objects.get()


@pytest.fixture
def prove() -> Prove:
    def prove(version: ModelVersion) -> dict[str, str]:
        out, failure = StringIO(), ""
        try:
            call_command("model_prove", version.version[:12], "--json", stdout=out)
        except CommandError as error:
            failure = str(error)
        findings = json.loads(out.getvalue())["findings"]
        differing = [each["name"] for each in findings if each["verdict"] == "DIFFERS"]
        expected = f"Version {version} is not proved: {', '.join(differing)}."
        assert failure == (expected if differing else "")
        return {each["name"]: each["verdict"] for each in findings}

    return prove


RIGHT = {
    "card": "agrees",
    "files": "agrees",
    "consent digest": "agrees",
    "people": "agrees",
    "decisions": "agrees",
    "events digest": "agrees",
    "deadline": "agrees",
}


def test_everything_is_recomputed_and_each_change_is_found(
    version: ModelVersion, people: list[UUID], prove: Prove
) -> None:
    """One training serves every change: each is made, found by name, and taken back."""
    assert prove(version) == RIGHT

    event = Event.rows.filter(shopper_id=people[0]).first()
    assert event is not None
    same = Event.rows.filter(shopper_id=event.shopper_id, id=event.id)
    same.update(value=77)
    assert prove(version) == {**RIGHT, "events digest": "gone", "rows": "DIFFERS"}
    same.update(value=event.value)

    card = version.card
    version.card = {**card, "manifest": {**card["manifest"], "events_digest": "0" * 64}}
    version.save(update_fields=["card"])
    assert prove(version) == {**RIGHT, "card": "DIFFERS"}
    version.card = card
    version.save(update_fields=["card"])

    assert version.lesson is not None
    _swap(f"{version.lesson.folder}/{PEOPLE}", b"\t1", b"\t2", lambda: _found(prove, version))
    _swap(f"{version.folder}/popular.npy", b"\x00", b"\x01", lambda: _files_differ(prove, version))
    assert prove(version) == RIGHT


def test_after_an_erasure_it_says_what_cannot_be_recomputed_and_still_proves_the_rest(
    version: ModelVersion, people: list[UUID], prove: Prove
) -> None:
    services.erase(shopper_id=people[3], actor="shopper")

    assert prove(version) == {**RIGHT, "events digest": "gone", "rows": "agrees"}
    out = StringIO()
    call_command("model_prove", version.version, stdout=out)
    text = out.getvalue()
    assert "25 people, 0 without permission at the cut." in text
    assert "Of 200 rows learned from, 192 are there unchanged, 8 were deleted" in text
    assert "Somebody it learned from has withdrawn: taken down by" in text


def test_a_row_that_was_never_permitted_is_found(
    version: ModelVersion, people: list[UUID], prove: Prove
) -> None:
    """The ledger is changed, as only who holds the database can, and no longer permits it."""
    with guards.lifted(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attention_consent_decision SET purposes = 'analytics' WHERE sequence = "
            "(SELECT min(sequence) FROM attention_consent_decision)"
        )

    assert prove(version) == {**RIGHT, "people": "DIFFERS", "decisions": "DIFFERS"}


@pytest.mark.parametrize("name", ["ffff", "7"])
def test_an_unknown_version_is_an_error(db: None, name: str) -> None:
    with pytest.raises(CommandError, match="No version begins so"):
        call_command("model_prove", name)


def _found(prove: Prove, version: ModelVersion) -> None:
    findings = prove(version)
    assert findings["consent digest"] == "DIFFERS"


def _files_differ(prove: Prove, version: ModelVersion) -> None:
    assert prove(version)["files"] == "DIFFERS"


def _swap(name: str, old: bytes, new: bytes, then: Callable[[], None]) -> None:
    """Change the first occurrence in a stored file, look, and put it back."""
    storage = model_storage()
    with storage.open(name) as file:
        content = file.read()
    for each, look in ((content.replace(old, new, 1), then), (content, None)):
        storage.delete(name)
        storage.save(name, ContentFile(each))
        if look is not None:
            look()
