"""The model that answers in this process: opened when first asked for, swapped with the pointer.

The pointer in the database is asked at most every `CHECK_SECONDS`. A model is opened inside the
request that first needs it, once per process and version, unless `warm` did so at the start; that
time is not part of the slate's budget. Other requests of the process do not wait: they answer with
the model held until then or the next rung. A folder that cannot be opened is tried again after a
growing pause; until it opens, the model before it answers.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.contrib.sites.models import Site
from django.db import connections

from recommender.serving.folder import FolderError, check_answers, load
from recommender.serving.recall import Published
from recommender.serving.shelf import Shelf
from recommender.training.selectors import LiveModel, live_model

logger = logging.getLogger(__name__)

CHECK_SECONDS = 2.0
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 900.0


class ModelUnavailable(Exception):  # noqa: N818
    """No model can answer; ``cause`` is a word to count by."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(slots=True)
class Live:
    """A model that can answer, with the catalog as its items see it."""

    version: str
    published: Published
    shelf: Shelf


@dataclass(slots=True)
class _Held:
    """What this process knows of one site's model."""

    pointer: LiveModel | None = None
    checked_at: float = -CHECK_SECONDS
    live: Live | None = None
    broken: str = ""
    cause: str = ""
    pause: float = 0.0
    retry_at: float = 0.0


_held: dict[int, _Held] = {}
_opening = threading.Lock()


def current(*, site: Site) -> Live:
    """The model the pointer names.

    Raises:
        ModelUnavailable: "no_model", "model_opening" (another thread is at it), "model_missing" or
            "model_corrupt" or "model_error" (any other failure while opening).
    """
    held = _held.setdefault(site.pk, _Held())
    now = monotonic()
    if now - held.checked_at >= CHECK_SECONDS:
        held.pointer = live_model(site=site)
        held.checked_at = now
    if held.pointer is None:
        held.live = None
        raise ModelUnavailable("no_model")
    if held.live is None or held.live.version != held.pointer.version:
        try:
            _open(site, held, held.pointer)
        except ModelUnavailable:
            if held.live is None:  # else the one before goes on until the new one opens
                raise
    if held.live is None:
        raise ModelUnavailable("model_opening")
    held.live.shelf.refresh_when_due()
    return held.live


def held_version(*, site: Site) -> str:
    """The version this process has open for ``site``; empty when none is."""
    held = _held.get(site.pk)
    return held.live.version if held is not None and held.live is not None else ""


def warm() -> int:
    """Open every site's live model before the first request; return how many. Never raises.

    For the start of a web process, after the fork if there is one.
    """
    opened = 0
    try:
        for site in Site.objects.order_by("pk"):
            try:
                current(site=site)
                opened += 1
            except ModelUnavailable:
                continue
    except Exception:
        logger.warning("no model could be opened ahead of the first request", exc_info=True)
    finally:
        connections.close_all()
    return opened


def forget(**kwargs: Any) -> None:
    """Drop every model held by this process; the next slate opens it again."""
    global _opening
    _opening = threading.Lock()
    _held.clear()


def _open(site: Site, held: _Held, pointer: LiveModel) -> None:
    """Open the model of ``pointer``; leave ``held`` as it is when another thread is opening."""
    if held.broken == pointer.version and monotonic() < held.retry_at:
        raise ModelUnavailable(held.cause)
    if not _opening.acquire(blocking=False):
        return
    try:
        began = monotonic()
        published = load(pointer.folder)
        check_answers(published)
        published.rank([0], [0.0], k=1)  # opens the encoder and the index, which wait for a call
        held.live = Live(pointer.version, published, Shelf(site=site, published=published))
        held.broken, held.cause, held.pause = "", "", 0.0
        logger.info("model %s opened in %.2f s", pointer.version[:12], monotonic() - began)
    except Exception as error:
        _rest(held, pointer, error)
        raise ModelUnavailable(held.cause) from error
    finally:
        _opening.release()


def _rest(held: _Held, pointer: LiveModel, error: Exception) -> None:
    """Note that the version cannot be opened, and for how long it is left alone."""
    held.cause = "model_error"
    if isinstance(error, FolderError):
        held.cause = "model_corrupt" if pointer.folder.exists() else "model_missing"
    if held.broken != pointer.version:
        held.pause = 0.0
    held.pause = min(max(FIRST_PAUSE_SECONDS, 2 * held.pause), LONGEST_PAUSE_SECONDS)
    held.broken, held.retry_at = pointer.version, monotonic() + held.pause
    logger.error("model %s: %s Next try in %.0f s.", pointer.version[:12], error, held.pause)


# A session of onnxruntime has threads, which a fork does not copy.
os.register_at_fork(after_in_child=forget)
