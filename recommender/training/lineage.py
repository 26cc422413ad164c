"""From whom a model learned, and until when it may be served after one of them withdraws.

A lesson is what one run learned from. A model's lineage is its lesson and those of the models it
started from; the first withdrawal among all their people starts the deadline, and only a model
trained from scratch is free of it. Beside the lesson's row the model storage keeps, as long as
the model, keyed marks that lead to nobody once a person's key is gone:

================  =================================================================
``people.txt``    ledger subjects and decisions, see `recommender.training.manifest`
``marks.npy``     of the rows, see there
``subjects.npy``  uint64[p], the first 16 hex digits of every subject, ascending
================  =================================================================
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.contrib.sites.models import Site
from django.core.files.base import ContentFile
from django.db.models import Q

from consent import keys
from consent.ledger.append import subjects_of
from consent.ledger.selectors import decisions_without
from consent.models import Shopper
from consent.purposes import Purpose
from recommender.training.arrays import Manifest
from recommender.training.manifest import MARKS, PEOPLE, Person, parse_people, read_people
from recommender.training.models import ACTIVE_STATES, Lesson, ModelVersion, TrainingRun
from recommender.training.selectors import model_storage

SUBJECTS = "subjects.npy"
HARD_STOP = timedelta(days=30)
"""Time after the first withdrawal, and after the cut, at which a model is taken down."""
SOON, LATER = timedelta(hours=24), timedelta(days=7)
"""Time after the first withdrawal within which a model that is cheap, or costly, is replaced."""
CHEAP_SECONDS = 30 * 60
HEAD_START = timedelta(hours=4)
CLOCKS = timedelta(minutes=1)
"""How far the clocks of machines that record decisions may differ; too much does no harm."""
LEARNING = (Purpose.MODEL_TRAIN, Purpose.ANALYTICS)
"""What a person must permit for their rows to be learned from."""


def record_lesson(
    *, run: TrainingRun, manifest: Manifest, folder: Path, parent: Lesson | None = None
) -> Lesson:
    """Note what ``run`` is about to learn from; safe to repeat.

    Args:
        run: the run.
        manifest: what was written into ``folder``.
        folder: the manifest's folder.
        parent: the lesson of the model whose parameters it starts from; None for a full training.
    """
    people = read_people(folder)
    lesson, _ = Lesson.objects.get_or_create(
        run=run,
        defaults={
            "site_id": run.site_id,
            "parent": parent,
            "cut": datetime.fromisoformat(manifest.meta.cut),
            "events_digest": manifest.meta.events_digest,
            "consent_digest": manifest.meta.consent_digest,
            "people": len(people),
            "kid": keys.keyring().first.kid,
        },
    )
    numbers = [_number(subject) for person in people for subject in person.subjects]
    index = io.BytesIO()
    np.save(index, np.sort(np.array(numbers, dtype=np.uint64)), allow_pickle=False)
    _keep(lesson, PEOPLE, (folder / PEOPLE).read_bytes())
    _keep(lesson, MARKS, (folder / MARKS).read_bytes())
    _keep(lesson, SUBJECTS, index.getvalue())
    return lesson


def lessons_of(*, shopper_id: UUID) -> list[Lesson]:
    """Return the kept lessons that hold rows of a shopper, oldest first."""
    numbers = [_number(each) for each in subjects_of(shopper_id)]
    shoppers = Shopper.objects.filter(pk=shopper_id)
    lessons = Lesson.objects.filter(site__in=shoppers.values("site")).order_by("cut")
    return [lesson for lesson in lessons if _holds_any(_subjects(lesson), numbers)]


def versions_of(*, shopper_id: UUID) -> list[ModelVersion]:
    """Return the kept versions whose lineage holds rows of a shopper, oldest first."""
    within = {lesson.pk for lesson in lessons_of(shopper_id=shopper_id)}
    if not within:
        return []
    versions = ModelVersion.objects.filter(lesson__isnull=False).select_related("lesson")
    return [
        version
        for version in versions.order_by("created_at")
        if within & {lesson.pk for lesson in lineage_of(version)}
    ]


def withdraw_from(*, shopper_id: UUID, at: datetime) -> int:
    """Start the deadline of every lesson with rows of a shopper who withdrew; return how many.

    An earlier start stays. Safe to repeat.
    """
    lessons = [lesson.pk for lesson in lessons_of(shopper_id=shopper_id)]
    return _start(Q(pk__in=lessons), at)


def follow_ledger(*, site: Site) -> int:
    """Start the deadlines that the ledger knows of and nobody noted; return how many lessons."""
    noted = 0
    for lesson in Lesson.objects.filter(site=site):
        known = _subjects(lesson)
        lost = decisions_without(site_id=site.pk, purposes=LEARNING, after=lesson.cut - CLOCKS)
        for subject, moment in lost:  # in the order of the ledger: the first is the earliest
            if _holds_any(known, [_number(subject)]):
                noted += _start(Q(pk=lesson.pk), moment)
                break
    return noted


def lineage_of(version: ModelVersion) -> Iterator[Lesson]:
    """Yield a version's lesson and those of the models it started from."""
    yield from _with_parents(version.lesson)


def withdrawn_at(version: ModelVersion) -> datetime | None:
    """Return when the first person of a version's lineage withdrew; None while nobody has."""
    moments = [lesson.withdrawn_at for lesson in lineage_of(version)]
    return min((moment for moment in moments if moment is not None), default=None)


def deadline_of(version: ModelVersion) -> datetime | None:
    """Return when a version is taken down because somebody withdrew; None while nobody has."""
    moment = withdrawn_at(version)
    return None if moment is None else moment + HARD_STOP


def replace_from(version: ModelVersion) -> datetime | None:
    """Return from when a full training must be under way; None while nobody withdrew."""
    moment = withdrawn_at(version)
    if moment is None:
        return None
    seconds = version.card.get("cpu_seconds")
    is_cheap = seconds is None or seconds <= CHEAP_SECONDS
    return moment + (SOON if is_cheap else LATER) - HEAD_START


def clear_lessons(*, site: Site) -> int:
    """Delete lessons that no kept version, or training under way, came from; return how many."""
    versions = ModelVersion.objects.filter(site=site).select_related("lesson")
    roots = [version.lesson for version in versions]
    roots += Lesson.objects.filter(site=site, run__state__in=ACTIVE_STATES)
    needed = {lesson.pk for root in roots for lesson in _with_parents(root)}
    stale = list(Lesson.objects.filter(site=site).exclude(pk__in=needed).order_by("-cut", "-pk"))
    for lesson in stale:
        _discard(lesson)
        lesson.delete()
    return len(stale)


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
    return _array(lesson, MARKS)


def _with_parents(lesson: Lesson | None) -> Iterator[Lesson]:
    while lesson is not None:
        yield lesson
        lesson = lesson.parent


def _start(which: Q, at: datetime) -> int:
    later = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at)
    return Lesson.objects.filter(which).filter(later).update(withdrawn_at=at)


def _number(subject: str) -> int:
    return int(subject[:16], 16)


def _holds_any(known: npt.NDArray[np.uint64] | None, wanted: npt.ArrayLike) -> bool:
    """Tell whether ascending ``known`` holds one of ``wanted``; None holds everybody."""
    if known is None:
        return True
    return bool(np.isin(np.asarray(wanted, dtype=np.uint64), known).any())


def _subjects(lesson: Lesson) -> npt.NDArray[np.uint64] | None:
    """Return the index of a lesson's people; None where it is lost, so that none is missed."""
    try:
        return _array(lesson, SUBJECTS)
    except FileNotFoundError:
        return None


def _array(lesson: Lesson, name: str) -> npt.NDArray[np.uint64]:
    array: npt.NDArray[np.uint64] = np.load(io.BytesIO(_read(lesson, name)), allow_pickle=False)
    return array


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


def _discard(lesson: Lesson) -> None:
    storage = model_storage()
    for name in (PEOPLE, MARKS, SUBJECTS):
        storage.delete(f"{lesson.folder}/{name}")
    if storage.exists(lesson.folder):
        storage.delete(lesson.folder)
