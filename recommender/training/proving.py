"""Show from ledger, files and events what a version learned from, and that all of it was permitted.

Every finding is one of three: it agrees, it differs, or it can no longer be recomputed because
what it was made from was deleted, as it had to be.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from django.contrib.sites.models import Site

from consent import keys
from consent.ledger.selectors import people_granting, sequences_granting
from consent.purposes import Purpose
from recommender.serving.folder import FolderError, content_hash, load
from recommender.training.lesson_files import kept_marks, kept_people
from recommender.training.lineage import deadline_of
from recommender.training.manifest import Columns, Person, collect, consent_digest
from recommender.training.models import Lesson, ModelVersion
from recommender.training.selectors import folder_path


class Verdict(StrEnum):
    """What became of one check."""

    AGREES = "agrees"
    DIFFERS = "DIFFERS"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was compared, how it came out, and the numbers behind it."""

    name: str
    verdict: Verdict
    message: str


def prove(*, version: ModelVersion) -> list[Finding]:
    """Return every finding on ``version``."""
    lesson = version.lesson
    if lesson is None:
        reason = "It was trained before lessons were kept: nothing of it can be recomputed."
        return [_card(version, None), _files(version), Finding("lesson", Verdict.GONE, reason)]
    findings = [_card(version, lesson), _files(version)]
    try:
        people = kept_people(lesson)
    except FileNotFoundError:
        reason = "The list of decisions beside the model is missing."
        return [*findings, Finding("consent digest", Verdict.DIFFERS, reason)]
    findings += [
        _consent_digest(people, lesson),
        _people(people, lesson),
        _decisions(people, lesson),
        *_events(version, lesson),
        _deadline(version),
    ]
    return findings


def _card(version: ModelVersion, lesson: Lesson | None) -> Finding:
    """The card, the published folder and the lesson's row name the same digests."""
    told = dict(version.card.get("manifest", {}))
    if lesson is None:
        return Finding("card", Verdict.GONE, "There is no second record to compare it with.")
    ours = {"consent_digest": lesson.consent_digest, "events_digest": lesson.events_digest}
    wrong = [name for name, digest in ours.items() if told.get(name) != digest]
    return _finding("card", wrong, "Card and lesson name the same digests.", "Other digests: {}.")


def _files(version: ModelVersion) -> Finding:
    """Every file of the published folder is the one that was published."""
    folder = folder_path(version)
    if not folder.exists():
        return Finding("files", Verdict.GONE, "The published folder was deleted.")
    try:
        load(folder)
        found = content_hash(folder)
    except FolderError as error:
        return Finding("files", Verdict.DIFFERS, str(error))
    if found != version.version:
        return Finding("files", Verdict.DIFFERS, f"The folder's hash is {found}.")
    return Finding("files", Verdict.AGREES, f"All files have the hashes of version {found}.")


def _consent_digest(people: list[Person], lesson: Lesson) -> Finding:
    if consent_digest(people) != lesson.consent_digest:
        message = "The decisions kept beside the model are not those it was trained by."
        return Finding("consent digest", Verdict.DIFFERS, message)
    message = f"Recomputed from the decisions of {len(people)} people."
    return Finding("consent digest", Verdict.AGREES, message)


def _people(people: list[Person], lesson: Lesson) -> Finding:
    """The ledger says that every person permitted training at the cut."""
    granting = people_granting(
        site_id=lesson.site_id,
        people=[person.subjects for person in people],
        purpose=Purpose.MODEL_TRAIN,
        at=lesson.cut,
    )
    missing = granting.count(False)
    message = f"{len(people)} people, {missing} without permission at the cut."
    return Finding("people", Verdict.DIFFERS if missing else Verdict.AGREES, message)


def _decisions(people: list[Person], lesson: Lesson) -> Finding:
    """Every decision that a row was stored by is in the ledger and grants training."""
    wanted = {sequence for person in people for sequence in person.decisions}
    granting = sequences_granting(
        site_id=lesson.site_id, sequences=wanted, purpose=Purpose.MODEL_TRAIN
    )
    wrong = [str(sequence) for sequence in sorted(wanted - granting)]
    right = f"All {len(wanted)} decisions its rows were stored by grant training."
    return _finding("decisions", wrong, right, "Ledger rows that do not grant training: {}.")


def _events(version: ModelVersion, lesson: Lesson) -> Iterable[Finding]:
    """The digest of the rows, recomputed; where rows were deleted since, the marks of the rest."""
    name = "events digest"
    master = keys.keyring().get(lesson.kid)
    try:
        kept, products = kept_marks(lesson), load(folder_path(version), verify=False).products
    except (FileNotFoundError, FolderError):
        return [Finding(name, Verdict.GONE, "The files to recompute it with were deleted.")]
    if master is None:
        return [Finding(name, Verdict.GONE, f"The master key {lesson.kid} was destroyed.")]
    site = Site.objects.get(pk=lesson.site_id)
    now = collect(site=site, cut=lesson.cut, products=np.asarray(products), master=master)
    if now.events_digest() == lesson.events_digest:
        return [Finding(name, Verdict.AGREES, f"Recomputed from {len(now.items)} events.")]
    return [
        Finding(name, Verdict.GONE, "The events are no longer all there to recompute it from."),
        _marks(kept, now),
    ]


def _marks(kept: npt.NDArray[np.uint64], now: Columns) -> Finding:
    """Compare row by row: a row is gone, the same, altered, or not learned from."""
    then = {int(row): int(content) for row, content in kept}
    today = dict(now.marks)
    same = sum(then.get(row) == content for row, content in today.items())
    altered = sum(row in then and then[row] != content for row, content in today.items())
    message = (
        f"Of {len(then)} rows learned from, {same} are there unchanged, "
        f"{len(then) - same - altered} were deleted or closed to training since, "
        f"{altered} were altered; {len(today) - same - altered} others were not learned from."
    )
    return Finding("rows", Verdict.DIFFERS if altered else Verdict.AGREES, message)


def _deadline(version: ModelVersion) -> Finding:
    deadline = deadline_of(version)
    if deadline is None:
        return Finding("deadline", Verdict.AGREES, "Nobody it learned from has withdrawn.")
    message = f"Somebody it learned from has withdrawn: taken down by {deadline:%Y-%m-%d %H:%M}."
    return Finding("deadline", Verdict.AGREES, message)


def _finding(name: str, wrong: list[str], right: str, otherwise: str) -> Finding:
    if wrong:
        return Finding(name, Verdict.DIFFERS, otherwise.format(", ".join(wrong[:10])))
    return Finding(name, Verdict.AGREES, right)
