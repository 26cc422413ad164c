"""Turn the grocery data set's shorthand into titles, categories and pictures for people."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from recommender.catalog.records import CategoryRecord
from recommender.simulation.pictures import PREFIX

LONGEST_TYPE = 30
"""The data set cuts types off at this length."""

_TOKEN = re.compile(r"[A-Z0-9'.%]+|[^A-Z0-9'.%]+")
_UNIT = "OZ|LB|LBS|CT|PK|ML|L|QT|PT|GAL|IN|SQ FT|LOADS?|FL OZ|G"
_SIZE = re.compile(rf"(?<!\d)\d{{1,4}}(?!\d)[\d./ -]*\s*(?:{_UNIT})\b")


@cache
def words() -> dict[str, Any]:
    """The vocabulary beside this file."""
    text = files("recommender.imports").joinpath("completejourney.toml").read_text("utf-8")
    return tomllib.loads(text)


def slug(text: str) -> str:
    """Lower case letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def department_name(department: str) -> str:
    """``DRUG GM`` as ``Drugstore and household``."""
    return str(words()["departments"].get(department) or readable(department) or "Other")


def category_record(department: str, category: str) -> CategoryRecord:
    """The category below its department; the department itself where there is none."""
    name = department_name(department)
    key = slug(name)
    if not category:
        return CategoryRecord(key=key, name=name)
    return CategoryRecord(
        key=f"{key}/{slug(category)}",
        name=readable(category),
        parent_key=key,
        sensitive=category in words()["sensitive"]["categories"],
    )


def complete_words(types: Iterable[str]) -> frozenset[str]:
    """The words of all types that were not cut off."""
    return frozenset(
        word
        for kind in types
        if len(kind) < LONGEST_TYPE
        for word in re.findall(r"[A-Z0-9'.%]+", kind)
    )


def mended(kind: str, known: frozenset[str]) -> str:
    """A type that was cut off, without what is left of its last word or bracket."""
    if len(kind) < LONGEST_TYPE or kind in words()["types"]["phrases"]:
        return kind
    plain = re.sub(r"\([^)]*$", "", kind)
    last = re.search(r"[A-Z0-9'.%]+$", plain) if plain == kind else None
    if last is not None and (last[0] not in known or len(last[0]) == 1):
        plain = plain[: last.start()]
    return re.sub(r"[\s/&]+(?:WITH|W|AND|NO|OF|OR)[\s/&]*$", "", plain)


def is_listed(department: str, category: str) -> bool:
    """Whether a shop would show it at all."""
    hidden = words()["unlisted"]
    return department not in hidden["departments"] and category not in hidden["categories"]


def picture_path(department: str, category: str) -> str:
    """Path of the department's or category's drawing below the static root."""
    pictures = words()["pictures"]
    for fragment, name in pictures["fragments"]:
        if fragment in f"{category} ":
            return f"{PREFIX}grocery-{name}.svg"
    return f"{PREFIX}grocery-{pictures['departments'].get(department, 'general')}.svg"


def title(*, kind: str, category: str, department: str, brand: str, size: str) -> str:
    """``Frozen ice, crushed/cubed · National · 22 lb``."""
    parts = (noun(kind=kind, category=category, department=department), brand, readable_size(size))
    return " · ".join(part for part in parts if part)


def noun(*, kind: str, category: str, department: str) -> str:
    """What the thing is: its type, with the category where the type alone says too little."""
    phrase = words()["types"]["phrases"].get(kind)
    if phrase:
        return str(phrase)
    name, above = readable(kind), readable(category) or department_name(department)
    if not name:
        return above
    if name.lower() in words()["types"]["alone"]:
        return above if name.lower() in above.lower() else f"{above}, {_lower(name)}"
    if above.startswith("Frozen") and "frozen" not in name.lower():
        return f"Frozen {_lower(name)}"
    return name


@cache
def readable(text: str) -> str:
    """Shorthand in capitals as plain words: ``FRZN FRENCH FRIES`` as ``Frozen french fries``."""
    plain = text.upper().strip()
    plain = plain.replace("-MAGAZINE", " MAGAZINE").replace(" S ", "'S ")
    plain = re.sub(r"\s+-\s*|\s*-\s+|:\s*|\s{2,}|;", ", ", plain.strip())
    plain = re.sub(r"\s*&\s*", " & ", plain)
    expanded = "".join(_expand(token) for token in _TOKEN.findall(plain))
    expanded = re.sub(r"\s+", " ", expanded)
    expanded = re.sub(r"(?:\s*,)+", ",", expanded).replace("with/", "with ").strip(" ,/&-")
    return expanded[:1].upper() + expanded[1:]


def readable_size(size: str) -> str:
    """``22 LB`` as ``22 lb``; codes of the warehouse are left out."""
    plain = re.sub(r"\s+", " ", size.strip().upper())
    found = _SIZE.search(plain)
    return found[0].lower() if found else ""


def _expand(token: str) -> str:
    return str(words()["words"].get(token, token.lower()))


def _lower(name: str) -> str:
    return name if name[:2].isupper() else name[:1].lower() + name[1:]
