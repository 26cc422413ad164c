"""The shop behind a cache that ignores cookies."""

from __future__ import annotations

from attention_shop.settings import *  # noqa: F403
from attention_shop.settings import ATTENTION_CONSENT as OF_THE_SHOP

ATTENTION_CONSENT = {**OF_THE_SHOP, "CACHED_PAGES": True}
