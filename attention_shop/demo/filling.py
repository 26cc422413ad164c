"""Puts products, people and behavior into an empty demo, once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.contrib.sites.models import Site
from django.core.management import call_command
from django.core.management.base import CommandError

from attention_shop.demo.people import let_people_act

ARTIFICIAL = "artificial shop"


@dataclass(frozen=True, slots=True)
class Marker:
    """Remembers what the demo was filled with, and the proof of the deletion it shows."""

    path: Path

    def read(self) -> str | None:
        """The source the demo holds; None when it is empty."""
        return self._held().get("source")

    def write(self, source: str) -> None:
        self._keep(source=source)

    def proof(self) -> UUID | None:
        """The id of the proof; None until people have acted."""
        held = self._held().get("proof")
        return UUID(held) if held else None

    def write_proof(self, proof: UUID) -> None:
        self._keep(proof=str(proof))

    def _held(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.path.read_text()))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def _keep(self, **told: str) -> None:
        self.path.write_text(json.dumps(self._held() | told))


def fill(*, marker: Marker, data: Path | None) -> bool:
    """Fill the demo from ``data`` or, without it, with an artificial shop.

    Returns:
        Whether anything was filled; False when the demo holds that source already.

    Raises:
        CommandError: the demo holds another source.
    """
    wanted = str(data.resolve()) if data else ARTIFICIAL
    held = marker.read()
    if held == wanted or (held is not None and data is None):
        return False
    if held is not None:
        raise CommandError(f"The demo holds {held}. Run `make demo-reset` first.")
    if data is None:
        call_command("simulate")
    else:
        call_command("import_dataset", format_of(data), str(data), "--shift-to-now")
    marker.write(wanted)
    return True


def fill_people(*, marker: Marker, site: Site) -> UUID:
    """Let people decide, ask and be answered, once; return the id of the proof of a deletion."""
    proof = marker.proof()
    if proof is None:
        proof = let_people_act(site=site)
        marker.write_proof(proof)
    return proof


def format_of(data: Path) -> str:
    """The import format told by the files of ``data``.

    Raises:
        CommandError: no known format.
    """
    if not data.exists():
        raise CommandError(f"{data} does not exist.")
    if (data / "transactions.csv.gz").exists() and (data / "products.csv.gz").exists():
        return "completejourney"
    if data.is_file() or any(data.glob("*.jsonl*")):
        return "jsonl"
    raise CommandError(
        f"{data} is in no known format: expected transactions.csv.gz and products.csv.gz, "
        "or products.jsonl and events.jsonl."
    )
