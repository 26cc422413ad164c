"""The gate, the ledger and an erasure: on SQLite, and with ``DATABASE_URL`` on PostgreSQL.

With ``REDIS_URL`` as well the gate is timed a third time, answered from Redis. PostgreSQL gets a
database of its own, which is dropped at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import Role, Row, finish, parser

ROOT = Path(__file__).resolve().parents[2]
BASELINE = "state row read by its key"
OURS = "gate, remembered person"


def main() -> None:
    """Run as the command line says; ``--inside`` is the child process of one place."""
    options = parser("What consent costs.")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options.add_argument("--parts", nargs="*", default=["gate"], help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.inside:
        _inside(given)
        return
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="attention-consent-") as folder:
        every = ["gate", "ledger", "erasure"]
        rows += _rows("SQLite", Path(folder) / "sqlite", {}, every, given)
        if os.environ.get("DATABASE_URL"):
            with _database() as address:
                place = {"DATABASE_URL": address}
                rows += _rows("PostgreSQL", Path(folder) / "postgresql", place, every, given)
                if os.environ.get("REDIS_URL"):
                    place["REDIS_URL"] = os.environ["REDIS_URL"]
                    name = "PostgreSQL with Redis"
                    rows += _rows(name, Path(folder) / "redis", place, ["gate"], given)
    finish("Consent", rows, given.json)


def _rows(
    name: str, folder: Path, place: dict[str, str], parts: list[str], given: argparse.Namespace
) -> list[Row]:
    """Rows of one database."""
    folder.mkdir()
    target = folder / "times.json"
    command = [sys.executable, "-m", "benchmarks.consent", "--inside", "--json", str(target)]
    command += ["--quick"] if given.quick else []
    environment = _environment(folder) | place
    subprocess.run([*command, "--parts", *parts], env=environment, cwd=ROOT, check=True)
    measured: dict[str, dict[str, float]] = json.loads(target.read_text())
    return [Row(f"{what}, {name}", _role(what, name), m) for what, m in measured.items()]


def _role(what: str, name: str) -> Role:
    if what == BASELINE:
        return "baseline"
    return "ours" if (what, name) == (OURS, "SQLite") else "part"


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "ATTENTION_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "attention_shop.settings",
        "SECRET_KEY": "only-for-benchmarks",
        "DEBUG": "0",
        "LOG_LEVEL": "ERROR",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


@contextmanager
def _database() -> Iterator[str]:
    """Make an empty database beside the one of ``DATABASE_URL``; yield its address."""
    import psycopg

    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    name = f"attention_bench_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _inside(given: argparse.Namespace) -> None:
    """Fill a database and time it, in a process of its own."""
    import django

    django.setup()
    from benchmarks.consent.inside import measure

    given.json.write_text(json.dumps(measure(parts=given.parts, quick=given.quick)))


if __name__ == "__main__":
    main()
