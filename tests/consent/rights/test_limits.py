"""Attempts are counted by network, wherever the shop stands and whatever its cache can do."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from django.core.cache.backends.dummy import DummyCache
from django.test import RequestFactory
from pytest_django import Settings

from consent.rights import limits


def allows(who: str, limit: int = 2) -> bool:
    return limits.allows(name="test", who=who, limit=limit)


def test_the_first_attempts_of_each_are_allowed() -> None:
    assert [allows("a"), allows("b"), allows("a"), allows("a")] == [True, True, True, False]


def test_a_process_that_counts_by_itself_forgets_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "cache", DummyCache("", {}))
    monkeypatch.setattr(limits, "_here", OrderedDict())
    monkeypatch.setattr(limits, "MOST_HERE", 2)

    assert [allows("a", 1), allows("b", 1), allows("a", 1), allows("b", 1)] == [
        True,
        True,
        False,
        False,
    ]
    assert allows("c", 1)
    assert len(limits._here) == 2
    assert [allows("b", 1), allows("a", 1)] == [False, True]


@pytest.mark.parametrize(
    ("proxies", "connection", "forwarded", "network"),
    [
        (0, "192.0.2.7", "", "192.0.2.7"),
        (0, "192.0.2.7", "198.51.100.1", "192.0.2.7"),
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "", ""),
        (1, "10.0.0.1", "nonsense", ""),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        (0, "", "", ""),
    ],
)
def test_a_network_is_what_the_outermost_proxy_saw(
    settings: Settings, proxies: int, connection: str, forwarded: str, network: str
) -> None:
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "PROXIES": proxies}
    request = RequestFactory().get(
        "/", REMOTE_ADDR=connection, headers={"X-Forwarded-For": forwarded}
    )
    assert limits.network_of(request) == network


@pytest.mark.parametrize(
    ("network", "is_public"),
    [
        ("8.8.8.8", True),
        ("2606:4700:1:2::/64", True),
        ("10.1.2.3", False),
        ("127.0.0.1", False),
        ("fd00:1:2:3::/64", False),
        ("", False),
    ],
)
def test_only_networks_of_the_internet_are_public(network: str, is_public: bool) -> None:
    assert limits.is_public(network) is is_public
