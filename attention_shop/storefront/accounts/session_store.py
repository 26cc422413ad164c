"""Sessions in a table that tells whose they are, so that an account's are found without a search.

For ``SESSION_ENGINE``. A session says in its content who is logged in; the column repeats that and
no more, is empty for a visitor, and goes with the row at logout. The form of the content is that
of Django's own table.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore as TableStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class ShopSession(AbstractBaseSession):
    """What one browser's session holds, and the account that is logged in there, if any.

    There is no constraint in the database: a request that ends after its account was deleted may
    still write its session.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        db_constraint=False,
        related_name="+",
    )

    class Meta(AbstractBaseSession.Meta):
        pass

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


class SessionStore(TableStore):
    """Django's store in a table, with the account in a column."""

    @classmethod
    def get_model_class(cls) -> type[ShopSession]:
        return ShopSession

    def create_model_instance(self, data: dict[str, Any]) -> ShopSession:
        """Return the row to write."""
        return _with_account(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> ShopSession:
        """Return the row to write."""
        return _with_account(await super().acreate_model_instance(data), data)


def _with_account(made: AbstractBaseSession, data: dict[str, Any]) -> ShopSession:
    row, key = cast(ShopSession, made), data.get(SESSION_KEY)
    row.user_id = None if key is None else get_user_model()._meta.pk.to_python(key)
    return row
