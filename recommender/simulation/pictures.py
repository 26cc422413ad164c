"""Which drawing shows which product, and in which color.

The drawings are static files of the storefront, ``<PREFIX><type>-<colorway>.svg``. The clay file of
a type is drawn by hand; the other colorways are the same drawing with its four tones exchanged:
``recolor`` is the rule, and ``python -m recommender.simulation.pictures <folder>`` applies it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PREFIX = "attention_storefront/pictures/"

COLORWAYS = ("clay", "ocean", "moss", "honey")

TONES: dict[str, tuple[str, str, str, str]] = {
    "clay": ("#F8E6DB", "#F0B79C", "#D9734E", "#8A3B24"),
    "ocean": ("#DFEDF4", "#9CC6DD", "#3F7FAE", "#1E4663"),
    "moss": ("#E6EFDD", "#B3CF9C", "#6B9A52", "#37552A"),
    "honey": ("#FCF1D4", "#F3D286", "#DDA02C", "#7F5510"),
}
"""Per colorway: background, light, main and dark tone."""


def picture_path(type_key: str, colorway: str) -> str:
    """Path of a product picture below the static root."""
    return f"{PREFIX}{type_key}-{colorway}.svg"


def recolor(drawing: str, colorway: str) -> str:
    """The clay drawing in the tones of another colorway."""
    tones = dict(zip(TONES["clay"], TONES[colorway], strict=True))
    return re.sub(r"#[0-9A-F]{6}", lambda tone: tones.get(tone[0], tone[0]), drawing)


def refresh(folder: Path) -> int:
    """Write every other colorway of each ``*-clay.svg`` in ``folder``; return how many files."""
    written = 0
    for drawing in sorted(folder.glob("*-clay.svg")):
        text = drawing.read_text("utf-8")
        stem = drawing.name.removesuffix("-clay.svg")
        for colorway in COLORWAYS[1:]:
            (folder / f"{stem}-{colorway}.svg").write_text(recolor(text, colorway), "utf-8")
            written += 1
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{refresh(Path(sys.argv[1]))} files written\n")
