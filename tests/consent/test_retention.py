"""Nothing is kept longer than its table says, and the admin shows the table and the counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sites.models import Site
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from consent.checks import check_retention
from consent.holdings import all_holdings
from consent.models import ChoiceCount, ConsentState, RetentionRun, Shopper
from consent.retention import own, rules
from consent.retention.rules import Rule, all_rules, days_kept, register_rule
from consent.retention.run import apply_retention
from consent.retention.selectors import retention_table
from tests.consent.support import new_shopper

pytestmark = pytest.mark.django_db


def _count(site: Site, days: int) -> None:
    hour = timezone.now() - timedelta(days=days)
    ChoiceCount.objects.create(site=site, hour=hour, choice="off", count=1)


def test_each_rule_deletes_once_and_its_runs_are_counted(site: Site) -> None:
    for days in (399, 401, 402):
        _count(site, days)

    first, second = apply_retention(), apply_retention()

    assert (first["choice_counts"], second["choice_counts"]) == (2, 0)
    assert ChoiceCount.objects.count() == 1
    run = RetentionRun.objects.get(label="choice_counts")
    assert (run.rows, run.runs, run.error) == (2, 2, "")
    assert RetentionRun.objects.count() == len(all_rules())


def test_a_period_is_the_hosts_to_change(site: Site, settings: Settings) -> None:
    settings.ATTENTION_CONSENT = {
        **settings.ATTENTION_CONSENT,
        "RETENTION_DAYS": {"choice_counts": 10},
    }
    for days in (9, 11):
        _count(site, days)

    assert apply_retention()["choice_counts"] == 1
    assert (days_kept("choice_counts"), days_kept("accesses")) == (10, 1095)


def test_expired_people_are_closed_in_batches(site: Site, monkeypatch: Any) -> None:
    monkeypatch.setattr(own, "BATCH", 2)
    people = [new_shopper(site) for _ in range(5)]
    fresh = new_shopper(site)
    ConsentState.objects.filter(pk__in=[each.pk for each in people]).update(
        decided_at=timezone.now() - timedelta(days=367)
    )

    assert apply_retention()["shoppers"] == 5
    assert apply_retention()["shoppers"] == 0

    assert ConsentState.objects.filter(purposes__gt=0).get().pk == fresh.pk
    assert Shopper.objects.count() == 6  # their rows go with the deletions that are due now


def test_a_rule_that_fails_holds_up_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(now: Any) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(rules, "_rules", dict(rules._rules))
    register_rule(Rule("broken", "Broken", (), None, "NONE", lambda: 1, "always", sweep=broken))
    register_rule(Rule("last", "Last", (), None, "NONE", lambda: 1, "always", lambda now: 7))

    swept = apply_retention()

    assert (swept["broken"], swept["last"]) == (0, 7)
    assert RetentionRun.objects.get(label="broken").error == "ZeroDivisionError"
    assert "Retention of broken stopped" in caplog.text


def test_the_admin_shows_every_rule_with_its_period(site: Site, admin_client: Client) -> None:
    _count(site, 401)
    apply_retention()

    page = admin_client.get("/admin/attention_consent/retentionrun/").content.decode()

    for rule in all_rules():
        assert str(rule.title) in page, rule.label
    assert "analytics: 365, model.train: 365, recs.personal: 365" in page
    table = {kept.rule.label: kept for kept in retention_table(now=timezone.now())}
    assert (table["choice_counts"].period, table["choice_counts"].deleted) == ("400", 1)


def test_every_rule_and_holding_states_a_period() -> None:
    for rule in all_rules():
        days = rule.days()
        assert all(each > 0 for each in ([days] if isinstance(days, int) else days.values()))
        for model in rule.models:
            apps.get_model(model)
    for holding in all_holdings():
        assert str(holding.retention), holding.label


def test_a_period_for_no_rule_or_of_no_days_is_an_error(settings: Settings) -> None:
    days = {"choice_counts": 10, "accesses": 0, "visits": 5}
    settings.ATTENTION_CONSENT = {**settings.ATTENTION_CONSENT, "RETENTION_DAYS": days}

    found = check_retention()

    assert [message.id for message in found] == ["attention_consent.E016"] * 2
    assert "'accesses'" in str(found[0])
    assert "'visits'" in str(found[1])
