"""Django's ``flush``, which may also empty the ledger: it is asked for and confirmed by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.commands import flush
from django.db import connections

from consent.ledger import guards
from consent.staff import guards as access_guards


class Command(flush.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Do what Django does; lift the guards for the statements that delete, and no longer."""
        using = options["database"]
        operations = connections[using].ops
        execute = operations.execute_sql_flush

        def execute_unguarded(sql_list: Iterable[str]) -> None:
            with guards.lifted(using), access_guards.lifted(using):
                execute(sql_list)

        operations.execute_sql_flush = execute_unguarded  # type: ignore[method-assign]
        try:
            super().handle(*args, **options)
        finally:
            del operations.execute_sql_flush
