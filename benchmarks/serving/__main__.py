"""Serving at 10,000 and 100,000 products: in process, through the endpoint, and beside a baseline.

The shop is embedded: SQLite, one process, gate and history read from the database for each slate,
availability asked of the storefront. Every person viewed something a moment before each call.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Row, finish, parser
from benchmarks.serving.outside import Server, load
from benchmarks.synthetic import write_encoder

ROOT = Path(__file__).resolve().parents[2]
SIZES = (10_000, 100_000)
QUICK_SIZES = (1_000, 10_000)
PEOPLE = 200
PARTS = {
    "tag": "{% recommendations %} rendered, cards included",
    "contextual": "serve(), visitor without a key",
    "related": "serve(), page of a product",
    "rank": "ranking alone, history of 50",
}


def main() -> None:
    """Run as the command line says; ``--inside`` is the child process of one size."""
    options = parser("What a slate costs.")
    options.add_argument("--inside", type=int, help=argparse.SUPPRESS)
    options.add_argument("--encoder", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--calls", type=int, default=1_000, help="calls timed of each kind")
    options.add_argument("--seconds", type=float, default=10.0, help="seconds of load")
    given = options.parse_args()
    if given.inside:
        _inside(given)
        return
    sizes = QUICK_SIZES if given.quick else SIZES
    if given.quick:
        given.calls, given.seconds = min(given.calls, 200), min(given.seconds, 2.0)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="attention-serving-") as place:
        encoder = write_encoder(Path(place) / "encoder.onnx")
        for size in sizes:
            folder = Path(place) / str(size)
            folder.mkdir()
            rows += _rows(size, folder, encoder, given, is_largest=size == sizes[-1])
    finish("Serving", rows, given.json)


def _rows(
    size: int, folder: Path, encoder: Path, given: argparse.Namespace, *, is_largest: bool
) -> list[Row]:
    """Rows of one catalog size."""
    environment = _environment(folder)
    inside = _run_inside(size, encoder, given, environment)
    words = f"{size:,} products"
    rows = [
        Row(f"serve(), live history, {words}", "ours" if is_largest else "part", inside["serve"]),
        *(Row(f"{name}, {words}", "part", inside[part]) for part, name in PARTS.items()),
        Row(f"model opened, {words}", "part", inside["open"]),
        Row(f"precomputed rows read, {words}", "baseline", inside["precomputed"]),
    ]
    cookies = [cookie for _, cookie in json.loads((folder / "people.json").read_text())]
    with Server(environment) as server:
        load(server, "/attention/slots/home/", cookies, given.seconds / 5)
        slots = load(server, "/attention/slots/home/", cookies, given.seconds)
        plain = load(server, "/attention/slots/home/", [], given.seconds / 2)
        stored = load(server, "/baseline/precomputed/", cookies, given.seconds / 2)
    return [
        *rows,
        Row(f"endpoint, personal, {words}", "part", slots),
        Row(f"endpoint, visitor without a key, {words}", "part", plain),
        Row(f"endpoint of precomputed rows, {words}", "baseline", stored),
    ]


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        "ATTENTION_VAR": str(folder),
        "DJANGO_SETTINGS_MODULE": "benchmarks.serving.settings",
        "SECRET_KEY": "only-for-benchmarks",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
        "DEBUG": "0",
        "LOG_LEVEL": "ERROR",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


def _run_inside(
    size: int, encoder: Path, given: argparse.Namespace, environment: dict[str, str]
) -> dict[str, dict[str, float]]:
    target = Path(environment["ATTENTION_VAR"]) / "inside.json"
    command = [
        *(sys.executable, "-m", "benchmarks.serving", "--inside", str(size)),
        *("--encoder", str(encoder), "--calls", str(given.calls), "--json", str(target)),
    ]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    times: dict[str, dict[str, float]] = json.loads(target.read_text())
    return times


def _inside(given: argparse.Namespace) -> None:
    """Fill a shop and time it, in a process of its own."""
    import django

    django.setup()
    from benchmarks.serving.inside import measure
    from benchmarks.serving.shop import fill

    fill(products=given.inside, people=PEOPLE, encoder=given.encoder)
    times = measure(products=given.inside, calls=given.calls)
    given.json.write_text(json.dumps(times))


if __name__ == "__main__":
    main()
