"""The typed reader of ``ATTENTION_RECOMMENDER``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from consent.conf import AppSettings


class RecommenderSettings(AppSettings, setting="ATTENTION_RECOMMENDER"):
    """The keys of ``ATTENTION_RECOMMENDER``."""

    HOST_ADAPTER: Annotated[str, "Dotted path of the class that implements HostAdapter."] = ""
    CATALOG_WRITER: Annotated[
        str, "Dotted path of a CatalogWriter, so that imports fill the host's own tables."
    ] = ""
    RUNS_DIR: Annotated[str, "Private folder of training runs in progress."] = "var/runs"
    MODEL_STORAGE: Annotated[str, "Name in STORAGES of the private store of published folders."] = (
        "attention"
    )
    TRAIN_PRESET: Annotated[str, "Size of the network: small, base or large."] = "small"
    TRAIN_CPU_SECONDS: Annotated[int, "Processor seconds the network may learn."] = 240
    TRAIN_EVERY_HOURS: Annotated[int, "Age of the last run at which a new one is requested."] = 24
    TRAIN_ENGINE: Annotated[str, "Where a training job runs; known: local."] = "local"
    KEEP_VERSIONS: Annotated[int, "Model versions kept for roll-back beside the live one."] = 3
    SLATE_BUDGET_MS: Annotated[int, "Milliseconds a slate may take before the next rung."] = 50
    HISTORY_LENGTH: Annotated[int, "Events of a shopper read for one slate."] = 50
    EVENT_RETENTION_DAYS: Annotated[
        Mapping[str, int],
        "Days after its receipt that an event may be used, by purpose; deleted after the longest.",
    ] = {"analytics": 365, "recs.personal": 365, "model.train": 365}
    COUNT_RETENTION_DAYS: Annotated[int, "Days hourly counts of refused events are kept."] = 400


recommender_settings = RecommenderSettings()
