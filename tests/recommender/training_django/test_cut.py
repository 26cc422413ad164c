"""A decision that is being written while rows are read for training is never overlooked."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from django.contrib.sites.models import Site
from django.db import connection, transaction
from django.utils import timezone

from consent import decisions, services
from consent.decisions import Circumstances
from consent.ledger.append import settled_moment
from consent.models import ConsentState, Decision
from consent.purposes import Purpose
from recommender.training import lineage
from recommender.training.models import Lesson
from tests.consent.support import new_shopper
from tests.recommender.training_django.conftest import Remember
from tests.recommender.training_django.test_lineage import trained

HOW = Circumstances(actor="shopper", source="test")


@pytest.mark.django_db(transaction=True)
def test_a_cut_waits_for_the_withdrawal_that_is_being_written() -> None:
    # Given a withdrawal that is in the ledger and not yet committed
    site = Site.objects.get(pk=1)
    shopper = new_shopper(site)
    found: list[tuple[datetime, int]] = []
    is_written = threading.Event()

    def cut() -> None:
        try:
            is_written.wait(10)
            moment = settled_moment(site_id=site.pk)
            found.append((moment, ConsentState.objects.get(pk=shopper.pk).purposes))
        finally:
            connection.close()

    thread = threading.Thread(target=cut)
    thread.start()
    with transaction.atomic():
        decisions.close(shopper_id=shopper.pk, purposes=frozenset(Purpose), how=HOW)
        is_written.set()
        thread.join(0.3)
        assert found == []  # still waiting
    thread.join(30)

    # Then whoever reads at the cut sees it, and the ledger agrees
    ((moment, purposes),) = found
    assert purposes == 0
    assert Decision.objects.latest("sequence").recorded_at <= moment


@pytest.mark.django_db
def test_a_site_without_decisions_has_a_cut() -> None:
    before = timezone.now()
    assert settled_moment(site_id=1) >= before


@pytest.mark.django_db
def test_times_rise_along_a_chain(site: Site) -> None:
    shopper = new_shopper(site)
    services.withdraw(shopper_id=shopper.pk, purposes={Purpose.MODEL_TRAIN}, actor="shopper")
    first, second = Decision.objects.order_by("sequence")
    assert first.recorded_at < second.recorded_at
    assert ConsentState.objects.get().decided_at == second.recorded_at


@pytest.mark.django_db
def test_a_withdrawal_by_a_late_clock_starts_the_deadline(
    site: Site, remember: Remember, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a model that learned from somebody who withdrew before its lesson was noted, on a
    # machine whose clock is late
    first, _ = remember(2)
    version = trained(site, "a")
    late = version.cut - timedelta(seconds=20)
    with monkeypatch.context() as patch:
        patch.setattr("consent.ledger.append.timezone.now", lambda: late)
        decisions.close(shopper_id=first, purposes=frozenset(Purpose), how=HOW)
    assert Lesson.objects.get().withdrawn_at is None

    # When the ledger is followed
    assert lineage.follow_ledger(site=site) == 1

    # Then the deadline runs from the withdrawal
    assert Lesson.objects.get().withdrawn_at == late
