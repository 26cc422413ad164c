"""What was learned of a person, as their pages show it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.rights.sections import Section, register_section
from consent.visitor import visitor_of
from recommender.catalog.adapter import get_adapter
from recommender.catalog.selectors import products_by_keys
from recommender.interests.actions import ACTIONS, NO_CATEGORY
from recommender.interests.models import State
from recommender.interests.selectors import RECENTLY, Interest, interests_of
from recommender.interests.services import Weight

logger = logging.getLogger(__name__)

LABEL = "interests"
TEMPLATE = "attention_recommender/interests_section.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An interest in words: ``category`` as forms name it, shares in whole percent."""

    category: str
    name: str
    state: str
    weight: str
    percent: int
    recent_percent: int
    events: int
    newest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """A product of this visit's cookie; without an address when the shop no longer has it."""

    key: str
    title: str
    url: str


def connect() -> None:
    """Put the section on the rights page."""
    register_section(
        Section(
            label=LABEL,
            title=gettext_lazy("What was learned of you"),
            template=TEMPLATE,
            data=section_data,
            actions=ACTIONS,
        )
    )


def section_data(shopper_id: UUID | None, request: HttpRequest) -> Mapping[str, Any] | None:
    """Return what the section shows; None for a person of whom nothing can be learned."""
    visit = visitor_of(request).visit
    if shopper_id is None and visit is None:
        return None
    learned = interests_of(shopper_id=shopper_id) if shopper_id else None
    lines = [_line(interest) for interest in learned.interests] if learned else []
    return {
        "is_remembered": learned is not None,
        "is_used": learned is not None and learned.is_used,
        "has_choices": any(
            line.state != State.USED or line.weight != _weight(Weight.NORMAL.value)
            for line in lines
        ),
        "recent_days": RECENTLY.days,
        "groups": [
            {"state": state.value, "lines": found}
            for state in State
            if (found := [line for line in lines if line.state == state])
        ],
        "is_visit": visit is not None,
        "viewed": _viewed(request, keys=visit.products[::-1]) if visit else [],
    }


def _line(interest: Interest) -> Line:
    pk = interest.category_id
    return Line(
        category=NO_CATEGORY if pk is None else str(pk),
        name=" › ".join(interest.path) or _("Products without a category"),
        state=interest.state.value,
        weight=_weight(interest.weight),
        percent=round(100 * interest.share),
        recent_percent=round(100 * interest.recent_share),
        events=interest.events,
        newest=interest.newest,
    )


def _weight(value: float) -> str:
    return Weight(value).name.lower()


def _viewed(request: HttpRequest, keys: tuple[str, ...]) -> list[Viewed]:
    """The products of a visit, newest first."""
    known = products_by_keys(site=visitor_of(request).site_id, keys=keys)
    adapter = get_adapter()
    return [
        Viewed(
            key=key,
            title=known[key].title if key in known else key,
            url=adapter.url(key=key) if key in known else "",
        )
        for key in keys
    ]
