from __future__ import annotations

import copy
import pickle
import uuid
from datetime import UTC, datetime

import pytest
from django.contrib.sites.models import Site
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from consent import gate, services
from consent.gate import Permit, Refusal, RefusalReason, VisitPermit
from consent.models import ConsentState, Shopper
from consent.purposes import BANNER_PURPOSES, GPC_BLOCKED, OPTIONAL_PURPOSES, Purpose, to_mask
from consent.visit import Visit
from consent.visitor import Level, Visitor
from tests.consent.support import new_shopper

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def remembered(shopper_id: uuid.UUID, site_id: int = 1, *, gpc: bool = False) -> Visitor:
    return Visitor(Level.REMEMBER, site_id, shopper_id=shopper_id, gpc=gpc)


def reason(answer: Permit | VisitPermit | Refusal) -> RefusalReason:
    assert isinstance(answer, Refusal)
    assert not answer
    return answer.reason


@pytest.mark.parametrize("purpose", sorted(OPTIONAL_PURPOSES))
def test_who_said_nothing_is_refused_everything_without_a_query(purpose: Purpose) -> None:
    assert reason(gate.permit(Visitor(Level.UNDECIDED, 1), purpose)) == "undecided"


@pytest.mark.parametrize("purpose", sorted(OPTIONAL_PURPOSES))
def test_who_said_no_is_refused_everything_without_a_query(purpose: Purpose) -> None:
    assert reason(gate.permit(Visitor(Level.OFF, 1, choice="1-202611"), purpose)) == "refused"


@pytest.mark.parametrize("purpose", sorted(OPTIONAL_PURPOSES))
def test_a_visit_is_permitted_ranking_alone(purpose: Purpose) -> None:
    visit = Visit.begin().with_product("a")
    answer = gate.permit(Visitor(Level.VISIT, 1, visit=visit), purpose)
    if purpose is Purpose.RECS_PERSONAL:
        assert isinstance(answer, VisitPermit)
        assert answer.visit is visit
    else:
        assert reason(answer) == "refused"


def test_a_remembered_person_is_permitted_what_was_granted(
    shopper: Shopper, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    state = ConsentState.objects.get(pk=shopper.pk)
    for purpose in OPTIONAL_PURPOSES:
        with django_assert_num_queries(1):
            answer = gate.permit(remembered(shopper.pk), purpose)
        if purpose not in BANNER_PURPOSES:
            assert reason(answer) == "refused"
            continue
        assert isinstance(answer, Permit)
        assert answer.shopper_id == shopper.pk
        assert answer.site_id == 1
        assert answer.purpose is purpose
        assert answer.purposes == BANNER_PURPOSES | {Purpose.NECESSARY}
        assert (answer.sequence, answer.generation) == (state.sequence, 1)
        assert answer.policy_id == state.policy_id


def test_a_key_that_names_nobody_is_refused_and_noted(db: None) -> None:
    visitor = remembered(uuid.uuid4())
    assert reason(gate.permit(visitor, Purpose.ANALYTICS)) == "unknown_key"
    assert visitor.key_unknown


def test_who_refused_elsewhere_is_off_here_too(site: Site) -> None:
    shopper = new_shopper(site)
    ConsentState.objects.filter(pk=shopper.pk).update(purposes=0)
    visitor = remembered(shopper.pk)
    assert reason(gate.permit(visitor, Purpose.ANALYTICS)) == "refused"
    assert (visitor.level, visitor.shopper_id) == (Level.OFF, None)


def test_a_person_of_another_site_is_refused(shopper: Shopper) -> None:
    answer = gate.permit(remembered(shopper.pk, site_id=2), Purpose.ANALYTICS)
    assert reason(answer) == "other_site"


@pytest.mark.parametrize("purpose", sorted(GPC_BLOCKED))
def test_gpc_overrides_a_grant(shopper: Shopper, purpose: Purpose) -> None:
    ConsentState.objects.filter(pk=shopper.pk).update(purposes=to_mask(Purpose))
    assert gate.permit(remembered(shopper.pk), purpose)
    assert reason(gate.permit(remembered(shopper.pk, gpc=True), purpose)) == "gpc"
    assert gate.permit(remembered(shopper.pk, gpc=True), Purpose.ANALYTICS)


def test_an_imported_person_never_stands_behind_a_request(site: Site) -> None:
    imported = services.import_decision(
        site=site,
        purposes=BANNER_PURPOSES,
        importer="test",
        legal_basis="contract",
        evidence_hash="0" * 64,
    )
    assert reason(gate.permit(remembered(imported.pk), Purpose.RECS_PERSONAL)) == "unknown_key"
    answer = gate.permit_shopper(imported.pk, Purpose.MODEL_TRAIN)
    assert isinstance(answer, Permit)
    assert answer.policy_id is None


def test_only_the_gate_makes_a_permit_and_it_cannot_be_kept(shopper: Shopper) -> None:
    with pytest.raises(TypeError, match="Only consent"):
        Permit(shopper.pk, 1, Purpose.ANALYTICS, frozenset(), 1, 1, None, MOMENT, seal=object())
    answer = gate.permit_shopper(shopper.pk, Purpose.ANALYTICS)
    assert answer
    with pytest.raises(TypeError, match="ends with"):
        pickle.dumps(answer)
    with pytest.raises(TypeError, match="ends with"):
        copy.copy(answer)


@pytest.mark.django_db(transaction=True)
def test_locking_needs_a_transaction(site: Site) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        gate.lock_permits([uuid.uuid4()], Purpose.ANALYTICS)


def test_locked_answers_name_everybody(
    site: Site, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    yes, no, nobody = new_shopper(site).pk, new_shopper(site).pk, uuid.uuid4()
    services.withdraw(shopper_id=no, purposes={Purpose.ANALYTICS}, actor="shopper")
    with transaction.atomic(), django_assert_num_queries(1):
        answers = gate.lock_permits([nobody, no, yes, yes], Purpose.ANALYTICS)
    assert answers.keys() == {yes, no, nobody}
    assert answers[yes]
    assert reason(answers[no]) == "refused"
    assert reason(answers[nobody]) == "unknown_key"
