"""Make the two accounts of the demo."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

FILE_NAME = "demo-logins.txt"
ADMIN = "admin"
SHOPPER = "shopper@example.com"


class Command(BaseCommand):
    """Write an administrator and a shopper once; passwords are drawn and kept in a private file."""

    help = (
        "Make the demo's administrator and shopper, print their logins and keep them in "
        f"var/{FILE_NAME} (mode 0600). Run again it prints the same logins. Refused unless DEBUG."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and print what there is."""
        if not settings.DEBUG:
            raise CommandError("Demo accounts are for DEBUG alone; use createsuperuser.")
        path = Path(settings.VAR_DIR) / FILE_NAME
        logins = _read(path)
        for name in (ADMIN, SHOPPER):
            logins.setdefault(name, secrets.token_urlsafe(9))
        _write(path, logins)
        with transaction.atomic():
            _ensure(ADMIN, logins[ADMIN], is_admin=True)
            _ensure(SHOPPER, logins[SHOPPER], is_admin=False)
        self.stdout.write(f"administrator  {ADMIN}  {logins[ADMIN]}  (/admin/)")
        self.stdout.write(f"shopper  {SHOPPER}  {logins[SHOPPER]}  (/account/login/)")


def _read(path: Path) -> dict[str, str]:
    """Logins by name; empty when there is no file yet."""
    if not path.exists():
        return {}
    rows = (line.split() for line in path.read_text().splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


def _write(path: Path, logins: dict[str, str]) -> None:
    """Replace the file in one step; nobody but its owner may read it at any moment."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name} {password}\n" for name, password in logins.items())
    fresh.replace(path)


def _ensure(name: str, password: str, *, is_admin: bool) -> None:
    """Make the account, or give it the password of the file."""
    user, _created = User.objects.get_or_create(
        username=name, defaults={"email": name if "@" in name else f"{name}@example.com"}
    )
    user.is_staff = user.is_superuser = is_admin
    user.first_name = user.first_name or ("Ada" if is_admin else "Robin")
    if not user.check_password(password):
        user.set_password(password)
    user.save()
