"""Start background work, only after the transaction that needs it has committed."""

from __future__ import annotations

import logging
from typing import Any, Protocol

from django.db import transaction

logger = logging.getLogger(__name__)


class Task(Protocol):
    """The part of a Celery task used here."""

    name: str

    def delay(self, *args: Any) -> Any: ...


def enqueue(task: Task, *args: Any) -> None:
    """Send ``task`` to the broker once the current transaction commits (now, outside one).

    A broker that cannot be reached is logged and swallowed: the row that describes the work
    stays due, and the periodic task picks it up.
    """

    def send() -> None:
        try:
            task.delay(*args)
        except Exception:
            logger.exception("Could not send task %s; it stays due.", task.name)

    transaction.on_commit(send)
