"""The typed reader of ``ATTENTION_RECOMMENDER``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from consent.conf import AppSettings

SENSITIVE_WORDS = (
    *("medicine", "medication", "medical", "pharmacy", "prescription", "diabetes", "HIV", "cancer"),
    *("mental health", "depression", "addiction", "incontinence", "hearing aid", "weight loss"),
    *("quit smoking", "pregnancy", "pregnancy test", "fertility", "contraception"),
    *("contraceptive", "condom", "sexual", "sexual health", "sex toy", "erotic", "erotica"),
    *("religion", "religious", "politics", "political", "trade union", "LGBT", "ethnic"),
    *("药品", "医药", "处方", "糖尿病", "艾滋", "癌症", "心理健康", "抑郁", "失禁", "助听器"),
    *("减肥", "戒烟", "怀孕", "验孕", "备孕", "避孕", "安全套", "情趣", "成人用品", "性健康"),
    *("宗教", "佛教", "基督教", "伊斯兰", "政治", "工会", "同性恋", "民族"),
)
"""Words of categories that tell of health, sex life, belief, politics or origin."""


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
    TRAIN_RECIPE: Annotated[
        Mapping[str, str | int | float | bool],
        "Options of the training set by hand, in place of what the data suggests.",
    ] = {}
    SENTENCE_ENCODER: Annotated[
        str, "Folder of an ONNX sentence encoder that reads products' texts in training."
    ] = ""
    TRAIN_ENGINE: Annotated[str, "Where a training job runs; known: local."] = "local"
    KEEP_VERSIONS: Annotated[int, "Model versions kept for roll-back beside the live one."] = 3
    SLATE_BUDGET_MS: Annotated[int, "Milliseconds a slate may take before the next rung."] = 50
    HISTORY_LENGTH: Annotated[int, "Events of a shopper read for one slate."] = 50
    EVENT_RETENTION_DAYS: Annotated[
        Mapping[str, int],
        "Days after its receipt that an event may be used, by purpose; deleted after the longest.",
    ] = {"analytics": 365, "recs.personal": 365, "model.train": 365}
    SENSITIVE_WORDS: Annotated[
        Sequence[str],
        "Words that flag a new category as sensitive when its name holds one; English and Chinese.",
    ] = SENSITIVE_WORDS
    COUNT_RETENTION_DAYS: Annotated[int, "Days hourly counts of refused events are kept."] = 400


recommender_settings = RecommenderSettings()
