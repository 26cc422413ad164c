"""Make the accounts of the demo."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, Permission, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

FILE_NAME = "demo-logins.txt"
ADMIN = "admin"
SHOPPER = "shopper@example.com"
MERCHANT = "merchant"
OFFICER = "privacy"


@dataclass(frozen=True, slots=True)
class Role:
    """One account: who it is for, and what its group may do."""

    name: str
    first_name: str
    title: str
    door: str
    is_admin: bool = False
    may: Q = field(default_factory=Q)


def _models(app: str, verbs: str, *names: str) -> Q:
    allowed = [f"{verb}_{name}" for verb in verbs.split() for name in names]
    return Q(content_type__app_label=app, codename__in=allowed)


ROLES = (
    Role(ADMIN, "Ada", "administrator", "/admin/", is_admin=True),
    Role(
        MERCHANT,
        "Mira",
        "merchant",
        "/admin/",
        may=_models("attention_storefront", "view add change", "category", "product")
        | _models("attention_storefront", "view", "order", "review")
        | _models("attention_recommender", "view change", "category", "product", "placement")
        | _models("attention_recommender", "view", "trainingrun", "modelversion", "slatecount"),
    ),
    Role(
        OFFICER,
        "Paula",
        "privacy officer",
        "/admin/",
        may=Q(content_type__app_label="attention_consent", codename__startswith="view_")
        | Q(content_type__app_label="attention_consent", codename="answer_datarequest")
        | Q(content_type__app_label="attention_consent", codename="add_policyversion")
        | _models("attention_recommender", "view", "shopperevents", "modelversion"),
    ),
    Role(SHOPPER, "Robin", "shopper", "/account/login/"),
)


class Command(BaseCommand):
    """Write each account once; passwords are drawn and kept in a private file."""

    help = (
        "Make the demo's administrator, merchant, privacy officer and shopper, print their logins "
        f"and keep them in var/{FILE_NAME} (mode 0600). Run again it prints the same logins. "
        "Refused unless DEBUG."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and print what there is."""
        if not settings.DEBUG:
            raise CommandError("Demo accounts are for DEBUG alone; use createsuperuser.")
        path = Path(settings.VAR_DIR) / FILE_NAME
        logins = _read(path)
        for role in ROLES:
            logins.setdefault(role.name, secrets.token_urlsafe(9))
        _write(path, logins)
        with transaction.atomic():
            for role in ROLES:
                _ensure(role, logins[role.name])
        for role in ROLES:
            self.stdout.write(f"{role.title:16}{role.name:22}{logins[role.name]}  ({role.door})")


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


def _ensure(role: Role, password: str) -> None:
    """Make the account, or give it the password of the file."""
    name = role.name
    user, _created = User.objects.get_or_create(
        username=name, defaults={"email": name if "@" in name else f"{name}@example.com"}
    )
    user.is_superuser = role.is_admin
    user.is_staff = role.is_admin or bool(role.may)
    user.first_name = user.first_name or role.first_name
    if not user.check_password(password):
        user.set_password(password)
    user.save()
    if role.may:
        group, _new = Group.objects.get_or_create(name=role.title.capitalize())
        group.permissions.set(Permission.objects.filter(role.may))
        user.groups.add(group)
