"""From the folder a job wrote to a version in the model storage.

The folder is named by the hash of its ``meta.json``, which holds the hash of every other file and
is written last, so a reader never meets half a model: a folder without it does not exist yet.
"""

from __future__ import annotations

from pathlib import Path

from django.core.files import File

from recommender.serving.format import META_FILE
from recommender.training.models import ModelVersion
from recommender.training.selectors import model_storage


def store(*, folder: Path, version: ModelVersion) -> None:
    """Copy ``folder`` into the storage as the folder of ``version``; safe to repeat."""
    storage = model_storage()
    names = sorted(path.name for path in folder.iterdir() if path.name != META_FILE)
    for name in [*names, META_FILE]:
        target = f"{version.folder}/{name}"
        if storage.exists(target):
            if storage.size(target) == (folder / name).stat().st_size:
                continue
            storage.delete(target)
        with (folder / name).open("rb") as file:
            storage.save(target, File(file))


def discard(*, version: ModelVersion) -> None:
    """Remove the folder of ``version`` from the storage, ``meta.json`` first."""
    storage = model_storage()
    if not storage.exists(version.folder):
        return
    _, names = storage.listdir(version.folder)
    for name in sorted(names, key=lambda name: name != META_FILE):
        storage.delete(f"{version.folder}/{name}")
    storage.delete(version.folder)
