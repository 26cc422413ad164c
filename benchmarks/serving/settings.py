"""The shop's own settings with one address more: the baseline."""

from __future__ import annotations

from attention_shop.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.serving.urls"
LOGGING = {"version": 1, "disable_existing_loggers": False}
