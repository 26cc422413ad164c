"""The adapter may tell an age band; what it says closes the gate for the recommender, too."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pytest
from django.contrib.sites.models import Site
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from consent.gift import start_gift
from consent.services import grant_remember
from consent.visitor import read_visitor, sign_key
from recommender.catalog.adapter import TellsAge, ask_age
from recommender.serving.profile import NOBODY, read_profile
from recommender.serving.slate import Mode
from tests.recommender.serving_django.host import TestHost


class AgeHost(TestHost):
    """A host that knows how old its visitors are."""

    band: ClassVar[Literal["minor", "adult"] | None] = None

    def age_band(self, *, request: HttpRequest) -> Literal["minor", "adult"] | None:
        return self.band


def use(settings: Settings, host: type[Any]) -> None:
    path = f"{host.__module__}.{host.__name__}"
    settings.ATTENTION_RECOMMENDER = {**settings.ATTENTION_RECOMMENDER, "HOST_ADAPTER": path}


@pytest.fixture
def remembered(db: None, rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    shopper = grant_remember(request=request)
    request.COOKIES["attention_key"] = sign_key(shopper.pk, "")
    return request


def fresh(request: HttpRequest) -> HttpRequest:
    """The same browser's next request."""
    following = RequestFactory().get("/")
    following.COOKIES.update(request.COOKIES)
    following.visitor = read_visitor(following)  # type: ignore[attr-defined]
    return following


@pytest.mark.parametrize(
    ("band", "mode"),
    [("minor", Mode.CONTEXTUAL), ("adult", Mode.PERSONAL), (None, Mode.PERSONAL)],
)
def test_the_band_of_the_adapter_decides(
    site: Site,
    remembered: HttpRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    band: Any,
    mode: Mode,
) -> None:
    use(settings, AgeHost)
    monkeypatch.setattr(AgeHost, "band", band)
    assert read_profile(request=fresh(remembered)).mode is mode


def test_an_adapter_that_tells_no_age_is_not_asked(
    site: Site, rf: RequestFactory, settings: Settings
) -> None:
    use(settings, TestHost)
    assert not isinstance(TestHost(), TellsAge)
    assert ask_age(rf.get("/")) is None
    settings.ATTENTION_RECOMMENDER = {}
    assert ask_age(rf.get("/")) is None


def test_a_gift_visit_is_served_as_anybodys(site: Site, remembered: HttpRequest) -> None:
    request = fresh(remembered)
    assert read_profile(request=request).mode is Mode.PERSONAL
    start_gift(request=request)
    assert read_profile(request=request) == NOBODY


@pytest.fixture
def site(db: None) -> Site:
    return Site.objects.get_current()
