"""From whom a model learned, and until when it may be served after one of them withdraws.

A lesson is what one run learned from. A model's lineage is its lesson and those of the models it
started from; the first withdrawal among all their people starts the deadline, and only a model
trained from scratch is free of it. Who they were is kept as `recommender.training.lesson_files`
says, as long as the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.sites.models import Site
from django.db.models import Q, QuerySet

from consent import keys
from consent.ledger.append import subjects_of
from consent.ledger.selectors import decisions_without
from consent.models import Shopper
from consent.purposes import Purpose
from recommender.training import lesson_files
from recommender.training.arrays import Manifest
from recommender.training.manifest import read_people
from recommender.training.models import ACTIVE_STATES, Lesson, ModelVersion, TrainingRun

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
    lesson_files.keep(lesson=lesson, folder=folder, people=people)
    return lesson


def lessons_of(*, shopper_id: UUID) -> list[Lesson]:
    """Return the kept lessons that hold rows of a shopper, oldest first; one query."""
    return _holding(Lesson.objects.filter(site__in=_sites_of(shopper_id)), shopper_id)


def versions_of(*, shopper_id: UUID) -> list[ModelVersion]:
    """Return the kept versions whose lineage holds rows of a shopper, oldest first.

    Two queries; the lineages come along, the cards do not.
    """
    sites = _sites_of(shopper_id)
    lessons = {lesson.pk: lesson for lesson in Lesson.objects.filter(site__in=sites)}
    for lesson in lessons.values():
        lesson.parent = None if lesson.parent_id is None else lessons[lesson.parent_id]
    within = {lesson.pk for lesson in _holding(lessons.values(), shopper_id)}
    if not within:
        return []
    versions = list(
        ModelVersion.objects.filter(site__in=sites).defer("card").order_by("created_at")
    )
    for version in versions:
        version.lesson = None if version.lesson_id is None else lessons.get(version.lesson_id)
    return [
        version
        for version in versions
        if any(lesson.pk in within for lesson in lineage_of(version))
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
        lost = decisions_without(site_id=site.pk, purposes=LEARNING, after=lesson.cut - CLOCKS)
        # In the order of the ledger: the first is the earliest.
        moment = lesson_files.first_held(lesson=lesson, lost=lost)
        if moment is not None:
            noted += _start(Q(pk=lesson.pk), moment)
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
        lesson_files.discard(lesson)
        lesson.delete()
    return len(stale)


def _with_parents(lesson: Lesson | None) -> Iterator[Lesson]:
    while lesson is not None:
        yield lesson
        lesson = lesson.parent


def _start(which: Q, at: datetime) -> int:
    later = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=at)
    return Lesson.objects.filter(which).filter(later).update(withdrawn_at=at)


def _sites_of(shopper_id: UUID) -> QuerySet[Any, int]:
    return Shopper.objects.filter(pk=shopper_id).values_list("site", flat=True)


def _holding(lessons: Iterable[Lesson], shopper_id: UUID) -> list[Lesson]:
    subjects = subjects_of(shopper_id)
    held = lesson_files.holding_any(lessons=lessons, subjects=subjects)
    return sorted(held, key=lambda lesson: lesson.cut)
