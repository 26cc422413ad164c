"""What may be read of models and runs."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from django.contrib.sites.models import Site
from django.core.files.storage import Storage, storages

from recommender.conf import recommender_settings
from recommender.training.models import (
    ACTIVE_STATES,
    ModelVersion,
    TrainingRun,
    VersionState,
)


class LiveModel(NamedTuple):
    """The model that answers now: its content hash and the folder on this machine."""

    version: str
    folder: Path


def model_storage() -> Storage:
    """The private storage of published folders."""
    return storages[recommender_settings.MODEL_STORAGE]


def folder_path(version: ModelVersion) -> Path:
    """The published folder of ``version`` on this machine."""
    return Path(model_storage().path(version.folder))


def live_version(*, site: Site) -> ModelVersion | None:
    """The version the live pointer names; None before the first promotion. One query."""
    return ModelVersion.objects.filter(site=site, state=VersionState.LIVE).first()


def live_model(*, site: Site) -> LiveModel | None:
    """The live model's hash and folder; None before the first promotion. One query."""
    version = live_version(site=site)
    return LiveModel(version.version, folder_path(version)) if version else None


def active_run(*, site: Site) -> TrainingRun | None:
    """The run of ``site`` that is requested or training, if any."""
    return TrainingRun.objects.filter(site=site, state__in=ACTIVE_STATES).first()
