from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Path:
    settings.DEBUG = True
    settings.VAR_DIR = tmp_path
    return tmp_path / "demo-logins.txt"


@pytest.mark.django_db
def test_four_accounts_are_made_and_their_logins_kept_private(
    demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("demo_accounts")

    logins = dict(line.split() for line in demo.read_text().splitlines())
    assert set(logins) == {"admin", "merchant", "privacy", "shopper@example.com"}
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    printed = capsys.readouterr().out
    for name, password in logins.items():
        assert password in printed
        assert authenticate(username=name, password=password) is not None
    assert User.objects.get(username="admin").is_superuser
    assert not User.objects.get(username="shopper@example.com").is_staff


@pytest.mark.django_db
def test_the_privacy_officer_alone_may_open_personal_data(demo: Path) -> None:
    call_command("demo_accounts")

    officer, merchant = (User.objects.get(username=name) for name in ("privacy", "merchant"))
    assert officer.is_staff
    assert not officer.is_superuser
    assert officer.has_perms(
        [
            "attention_consent.view_personal_data",
            "attention_consent.answer_datarequest",
            "attention_consent.add_policyversion",
        ]
    )
    assert not officer.has_perm("attention_storefront.change_product")
    assert merchant.is_staff
    assert not merchant.is_superuser
    assert merchant.has_perm("attention_storefront.change_product")
    assert not merchant.has_perm("attention_consent.view_personal_data")
    assert not any(name.startswith("attention_consent") for name in merchant.get_all_permissions())


@pytest.mark.django_db
def test_running_it_again_changes_nothing(demo: Path) -> None:
    call_command("demo_accounts")
    before = demo.read_text(), list(User.objects.order_by("pk").values())

    call_command("demo_accounts")

    assert (demo.read_text(), list(User.objects.order_by("pk").values())) == before


@pytest.mark.django_db
def test_it_refuses_outside_debug(demo: Path, settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError):
        call_command("demo_accounts")

    assert not demo.exists()
    assert not User.objects.exists()
