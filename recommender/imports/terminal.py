"""What the import commands share: the site, the pictures' address, the bar and the report."""

from __future__ import annotations

from types import TracebackType
from typing import IO, Any, Self

from django.conf import settings
from django.contrib.sites.models import Site
from django.contrib.staticfiles import finders
from django.core.management.base import CommandError
from tqdm import tqdm

from recommender.simulation.pictures import PREFIX

PROBE = f"{PREFIX}grocery-general.svg"


def chosen_site(pk: int | None) -> Site:
    """The site named on the command line, or the settings' own.

    Raises:
        CommandError: there is no such site.
    """
    wanted = pk if pk is not None else getattr(settings, "SITE_ID", None)
    sites = Site.objects.order_by("pk")
    site = sites.filter(pk=wanted).first() if wanted is not None else sites.first()
    if site is None:
        raise CommandError(f"There is no site {wanted}." if wanted else "There is no site.")
    return site


def pictures_url() -> str:
    """Address below which the drawings lie; empty when this installation has none."""
    return str(settings.STATIC_URL or "") if finders.find(PROBE) else ""


class Bar:
    """A progress bar on a terminal, nothing elsewhere; call it with what, done and total."""

    def __init__(self, stream: Any) -> None:
        self._stream: IO[str] = stream
        self._bar: tqdm[Any] | None = None
        self._what = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what or self._bar is None:
            if self._bar is not None:
                self._bar.close()
            self._what = what
            self._bar = tqdm(desc=what, total=total, file=self._stream, disable=None)
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()
