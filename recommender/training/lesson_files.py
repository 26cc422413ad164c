"""What the model storage keeps of a lesson beside its row, and whether somebody is in it.

Keyed marks that lead to nobody once a person's key is gone, kept as long as the model:

================  =================================================================
``people.txt``    ledger subjects and decisions, see `recommender.training.manifest`
``marks.npy``     of the rows, see there
``subjects.npy``  uint64[p], the first 16 hex digits of every subject, ascending
================  =================================================================

Looking a person up maps ``subjects.npy`` into memory and halves it until the place is found: of
50 000 people it touches 16 numbers, and no more memory than the pages they lie on.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from recommender.training.manifest import MARKS, PEOPLE, Person, parse_people
from recommender.training.models import Lesson
from recommender.training.selectors import model_storage

SUBJECTS = "subjects.npy"


def keep(*, lesson: Lesson, folder: Path, people: list[Person]) -> None:
    """Keep what ``lesson`` held: the files of the manifest in ``folder``, and who; repeatable."""
    numbers = [_number(subject) for person in people for subject in person.subjects]
    index = io.BytesIO()
    np.save(index, np.sort(np.array(numbers, dtype=np.uint64)), allow_pickle=False)
    _keep(lesson, PEOPLE, (folder / PEOPLE).read_bytes())
    _keep(lesson, MARKS, (folder / MARKS).read_bytes())
    _keep(lesson, SUBJECTS, index.getvalue())


def holding_any(*, lessons: Iterable[Lesson], subjects: Iterable[str]) -> Iterator[Lesson]:
    """Yield those of ``lessons`` that hold rows of one of the ledger's ``subjects``.

    A lesson whose index is lost holds everybody, so that nobody is missed.
    """
    storage, wanted = model_storage(), _numbers(subjects)
    for lesson in lessons:
        if _has_any(_index(storage, lesson), wanted):
            yield lesson


def first_held(*, lesson: Lesson, lost: Iterable[tuple[str, datetime]]) -> datetime | None:
    """Return the moment beside the first subject of ``lost`` whose rows a lesson holds, else None.

    A lost index holds everybody here, too.
    """
    known = _index(model_storage(), lesson)
    held = (moment for subject, moment in lost if _has_any(known, _numbers([subject])))
    return next(held, None)


def kept_people(lesson: Lesson) -> list[Person]:
    """Return whose rows a lesson holds, in the order of its sequences.

    Raises:
        FileNotFoundError: the file is gone.
    """
    return parse_people(_read(lesson, PEOPLE).decode())


def kept_marks(lesson: Lesson) -> npt.NDArray[np.uint64]:
    """Return uint64[e, 2], the marks of its rows.

    Raises:
        FileNotFoundError: the file is gone.
    """
    marks: npt.NDArray[np.uint64] = np.load(io.BytesIO(_read(lesson, MARKS)), allow_pickle=False)
    return marks


def discard(lesson: Lesson) -> None:
    """Delete everything the storage keeps of a lesson."""
    storage = model_storage()
    for name in (PEOPLE, MARKS, SUBJECTS):
        storage.delete(f"{lesson.folder}/{name}")
    if storage.exists(lesson.folder):
        storage.delete(lesson.folder)


def _number(subject: str) -> int:
    return int(subject[:16], 16)


def _numbers(subjects: Iterable[str]) -> npt.NDArray[np.uint64]:
    return np.array([_number(each) for each in subjects], dtype=np.uint64)


def _has_any(known: npt.NDArray[np.uint64] | None, wanted: npt.NDArray[np.uint64]) -> bool:
    """Tell whether ascending ``known`` holds one of ``wanted``; None holds everybody."""
    if known is None:
        return True
    places = np.searchsorted(known, wanted)
    return any(
        place < len(known) and known[place] == number
        for place, number in zip(places, wanted, strict=True)
    )


def _index(storage: Storage, lesson: Lesson) -> npt.NDArray[np.uint64] | None:
    """Map the index of a lesson's people; None where it is lost or broken."""
    path = storage.path(f"{lesson.folder}/{SUBJECTS}")
    try:
        index: npt.NDArray[np.uint64] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):
        return None
    return index


def _read(lesson: Lesson, name: str) -> bytes:
    with model_storage().open(f"{lesson.folder}/{name}") as file:
        content: bytes = file.read()
    return content


def _keep(lesson: Lesson, name: str, content: bytes) -> None:
    storage, target = model_storage(), f"{lesson.folder}/{name}"
    if storage.exists(target):
        if storage.size(target) == len(content):
            return
        storage.delete(target)
    storage.save(target, ContentFile(content))
