"""Let the floors above put a part of their own on the rights page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import HttpRequest

Data = Callable[[UUID | None, HttpRequest], Mapping[str, Any] | None]
Action = Callable[[UUID | None, HttpRequest], None]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the rights page.

    ``template`` is rendered with what ``data(shopper_id, request)`` returns; None leaves the
    section out. ``shopper_id`` is None for a person without a shopper, such as one who chose
    "this visit". A form of the template posts to ``section_url`` (in its context) with a field
    ``action`` that names one of ``actions``; the callable reads the other fields from
    ``request.POST`` and raises ``ValueError`` for what it does not understand. Afterwards the
    person is back on the rights page.
    """

    label: str
    title: Any
    template: str
    data: Data
    actions: Mapping[str, Action] = field(default_factory=dict)


_sections: dict[str, Section] = {}


def register_section(section: Section) -> None:
    """Add a section, in ``AppConfig.ready``. A label registered twice is replaced."""
    _sections[section.label] = section


def all_sections() -> tuple[Section, ...]:
    """Return every section in the order of registration."""
    return tuple(_sections.values())


def section_of(label: str) -> Section | None:
    """Return the section with a label, or None."""
    return _sections.get(label)
