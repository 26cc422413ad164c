from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.sites.models import Site
from pytest_django import Settings  # type: ignore[attr-defined]

from consent import services
from consent.ledger.verify import verify
from consent.models import ConsentState, Decision, Shopper
from consent.purposes import Purpose
from tests.consent.support import new_shopper, request_of

GOOD: dict[str, Any] = {
    "purposes": {Purpose.ANALYTICS, Purpose.MODEL_TRAIN},
    "importer": "import_dataset completejourney",
    "legal_basis": "published research data",
    "evidence_hash": "a" * 64,
}


def test_an_imported_decision_says_so(site: Site) -> None:
    shopper = services.import_decision(site=site, **GOOD)
    row, state = Decision.objects.get(), ConsentState.objects.get()
    assert (row.kind, row.actor, row.source) == ("imported", "importer", "import")
    assert row.details == {
        "importer": GOOD["importer"],
        "legal_basis": GOOD["legal_basis"],
        "evidence_hash": "a" * 64,
    }
    assert (row.policy, row.purposes) == ("", "analytics model.train")
    assert (shopper.is_imported, shopper.user_id) == (True, None)
    assert (state.sequence, state.policy_id) == (row.sequence, None)


def test_thousands_are_one_chain_and_few_queries(
    site: Site, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(130):
        people = services.import_decisions(site=site, count=2000, **GOOD)
    assert len({person.pk for person in people}) == 2000
    sequences = ConsentState.objects.values_list("sequence", flat=True)
    assert sorted(sequences) == list(range(1, 2001))
    report = verify()
    assert report
    assert report.rows == 2000


def test_named_people_are_imported_once(site: Site) -> None:
    ids = [uuid.uuid5(uuid.NAMESPACE_URL, str(number)) for number in range(5)]
    first = services.import_decisions(site=site, count=3, shopper_ids=ids[:3], **GOOD)
    again = services.import_decisions(site=site, count=5, shopper_ids=ids, **GOOD)
    assert [person.pk for person in again] == ids
    assert [person.pk for person in first] == ids[:3]
    assert Shopper.objects.count() == Decision.objects.count() == 5


@pytest.mark.parametrize(
    "change",
    [
        {"legal_basis": ""},
        {"legal_basis": "  "},
        {"importer": ""},
        {"evidence_hash": ""},
        {"evidence_hash": "A" * 64},
        {"evidence_hash": "a" * 63},
    ],
)
def test_an_import_without_its_grounds_is_refused(site: Site, change: dict[str, str]) -> None:
    with pytest.raises(services.ImportRefused):
        services.import_decision(site=site, **{**GOOD, **change})
    assert not Shopper.objects.exists()
    assert not Decision.objects.exists()


def test_under_debug_a_missing_legal_basis_is_recorded_as_missing(
    site: Site, settings: Settings
) -> None:
    settings.DEBUG = True
    services.import_decision(site=site, **{**GOOD, "legal_basis": ""})
    assert Decision.objects.get().details["legal_basis"] == "none stated (demonstration)"


def test_a_living_person_is_never_taken_over(site: Site) -> None:
    person = new_shopper(site)
    with pytest.raises(services.ImportRefused):
        services.import_decision(site=site, shopper_id=person.pk, **GOOD)
    assert Decision.objects.count() == 1


def test_no_browser_ever_gets_an_imported_key(site: Site) -> None:
    imported = services.import_decision(site=site, **GOOD)
    with pytest.raises(ValueError, match="no browser"):
        services.attach(request_of(), imported)
    request = request_of(imported)
    made = services.grant_remember(request=request)
    assert made.pk != imported.pk
