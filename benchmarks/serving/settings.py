"""The shop's own settings with one address more: the baseline."""

from __future__ import annotations

from attention_shop.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.serving.urls"
LOGGING = {"version": 1, "disable_existing_loggers": False}
# A stall of the machine must lengthen a time, not turn it into the time of another rung.
ATTENTION_RECOMMENDER = {**ATTENTION_RECOMMENDER, "SLATE_BUDGET_MS": 5_000}  # noqa: F405
