"""Work within a host's page without putting the host's transaction at risk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import models, router, transaction


def in_host_transaction(model: type[models.Model]) -> bool:
    """Tell whether a transaction is open where ``model`` is written that may still be undone.

    The one around a test case does not count.
    """
    blocks = transaction.get_connection(router.db_for_write(model)).atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


@contextmanager
def host_transaction_kept(model: type[models.Model]) -> Iterator[None]:
    """Run reads of ``model`` in a savepoint where a transaction is open, else in autocommit.

    An error leaves the savepoint before the caller swallows it, so a failed statement does not
    abort the host's transaction. Outside one, SQLite takes no write lock for a read.
    """
    using = router.db_for_read(model)
    if transaction.get_connection(using).in_atomic_block:
        with transaction.atomic(using=using):
            yield
    else:
        yield
