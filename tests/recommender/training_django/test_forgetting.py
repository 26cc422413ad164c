"""What a person has deleted of their history starts the deadline of the models that learned it."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.utils import timezone

from consent.models import Shopper
from recommender.catalog.models import Category, Product
from recommender.events.forgetting import forget_product
from recommender.events.models import Event
from recommender.interests.models import InterestChoice, State
from recommender.interests.removal import delete_removed_events
from recommender.training import lineage
from tests.consent.support import request_of
from tests.recommender.training_django.conftest import Remember
from tests.recommender.training_django.test_lineage import DAY, fresh, trained


def at_a_browser(shopper_id: UUID) -> HttpRequest:
    """A request of somebody whose history was imported."""
    Shopper.objects.filter(pk=shopper_id).update(is_imported=False)
    return request_of(Shopper.objects.get(pk=shopper_id))


def held(shopper_id: UUID) -> int:
    return Event.rows.filter(shopper_id=shopper_id).count()


def test_forgetting_one_product_starts_the_deadline(site: Site, remember: Remember) -> None:
    person, other = remember(2)
    version = trained(site, "a")
    key = Event.rows.filter(shopper_id=person).values_list("product__host_key", flat=True)[0]
    before, others = timezone.now(), held(other)

    gone = forget_product(request=at_a_browser(person), product_key=key)

    assert gone >= 1
    assert held(other) == others
    deadline = lineage.deadline_of(fresh(version))
    assert deadline is not None
    assert before <= deadline - 30 * DAY <= timezone.now()


def test_forgetting_what_was_never_looked_at_starts_none(site: Site, remember: Remember) -> None:
    person = remember(2)[0]
    version = trained(site, "a")
    seen = Event.rows.filter(shopper_id=person).values("product")
    unseen = Product.objects.exclude(pk__in=seen)[0]
    events = held(person)

    assert forget_product(request=at_a_browser(person), product_key=unseen.host_key) == 0

    assert held(person) == events
    assert lineage.deadline_of(fresh(version)) is None


def test_forgetting_by_somebody_it_never_learned_from_starts_none(
    site: Site, remember: Remember
) -> None:
    remember(2)
    version = trained(site, "a")
    later = remember(1)[0]
    key = Event.rows.filter(shopper_id=later).values_list("product__host_key", flat=True)[0]

    assert forget_product(request=at_a_browser(later), product_key=key) >= 1

    assert lineage.deadline_of(fresh(version)) is None


@pytest.mark.parametrize(("state", "starts"), [(State.REMOVED, True), (State.PAUSED, False)])
def test_a_product_that_came_into_a_removed_category_starts_it_with_the_nightly_task(
    site: Site, remember: Remember, state: State, starts: bool
) -> None:
    person = remember(2)[0]
    version = trained(site, "a")
    category = Category.objects.create(site=site, host_key="c", name="Tea")
    InterestChoice.objects.create(
        shopper_id=person, category=category, state=state, changed_at=timezone.now()
    )
    event = Event.rows.filter(shopper_id=person)[0]
    Product.objects.filter(pk=event.product_id).update(category=category)

    assert bool(delete_removed_events()) is starts

    assert (lineage.deadline_of(fresh(version)) is not None) is starts
    assert Event.rows.filter(pk=event.pk).exists() is not starts
