"""``make demo``: migrate, fill, serve, train, publish, and say where to look."""

from __future__ import annotations

import argparse
import io
import logging
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

TICK_SECONDS = 1.0
FIRST_MODEL_CPU_SECONDS = 120  # enough for the artificial shop; a person is waiting


def main() -> int:
    """Run the demo until it is interrupted; return the exit status."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attention_shop.settings")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("PUBLIC_URL", f"http://127.0.0.1:{options.port}")
    if not _port_is_free(options.port):
        return _fail(f"Port {options.port} is taken. Choose another: make demo PORT=8001")
    started = time.monotonic()
    _prepare()

    from django.conf import settings
    from django.contrib.sites.models import Site
    from django.core.management import call_command
    from django.core.management.base import CommandError

    from attention_shop.demo.filling import Marker, fill, fill_people
    from attention_shop.demo.guide import guide

    marker, logins = Marker(settings.VAR_DIR / "demo.json"), io.StringIO()
    try:
        filled = fill(marker=marker, data=options.data)
        call_command("demo_accounts", stdout=logins)
    except CommandError as error:
        return _fail(str(error))
    proof = fill_people(marker=marker, site=Site.objects.get_current())
    shown = guide(shop=f"http://127.0.0.1:{options.port}", proof=proof, logins=logins.getvalue())
    return _serve(options.port, started, shown, must_train=filled)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, default=None, help="A folder with a real data set.")
    return parser.parse_args()


def _prepare() -> None:
    """Configure Django and Celery, make the keys and bring the database up to date."""
    import django

    import attention_shop.celery  # noqa: F401  tasks of this process find their broker by it

    django.setup()
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # a broker of files has no host

    from django.core.management import call_command

    call_command("consent_keys", "--create", stdout=io.StringIO())
    call_command("migrate", "--noinput", verbosity=0)


def _serve(port: int, started: float, guide: str, *, must_train: bool) -> int:
    """Start web, worker and beat, show the guide; train when there is no model; stay until
    interrupted.
    """
    from django.conf import settings

    from attention_shop.demo.supervisor import Supervisor

    supervisor = Supervisor(log_dir=settings.VAR_DIR / "log", environment=os.environ, report=_say)
    stopping = _on_signals()
    try:
        for name, command in _commands(port).items():
            supervisor.add(name, command)
        if not _answers(port, supervisor, stopping):
            return _fail(f"The shop did not answer; see {settings.VAR_DIR / 'log' / 'web.log'}")
        _say(f"\nThe shop is open after {time.monotonic() - started:.0f} s.\n")
        _say(guide)
        run = _train(must_train=must_train)
        while not stopping:
            supervisor.tend()
            run = _report(run)
            time.sleep(TICK_SECONDS)
    finally:
        supervisor.stop()
        _stop_jobs()
    return 0


def _commands(port: int) -> dict[str, list[str]]:
    celery = [sys.executable, "-m", "celery", "-A", "attention_shop"]
    return {
        "web": [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2"),
            *("--host", "127.0.0.1", "--port", str(port), "--no-ws"),
            *("--blocking-threads", "4"),
            "attention_shop.wsgi:application",
        ],
        "worker": [*celery, "worker", "--pool=solo", "-Q", "default,train", "-l", "INFO"],
        "beat": [*celery, "beat", "-l", "WARNING"],
    }


def _train(*, must_train: bool) -> object:
    """Request the first model, or return the run under way; None when a model is live."""
    from django.contrib.sites.models import Site

    from recommender.training.selectors import active_run, live_version
    from recommender.training.services import request_training

    site = Site.objects.get_current()
    if must_train or live_version(site=site) is None:
        _say("The first model is being trained; pages answer without it meanwhile.")
        return request_training(site=site, cpu_seconds=FIRST_MODEL_CPU_SECONDS)
    _say(f"Model {live_version(site=site)} answers. Stop with Ctrl-C.")
    return active_run(site=site)


def _report(run: object) -> object:
    """Say once how the followed run ended; return it while it is active."""
    from recommender.training.models import TrainingRun

    if not isinstance(run, TrainingRun):
        return None
    run.refresh_from_db()
    if run.is_active:
        return run
    _say(f"Training {run.get_state_display()}: {run.message}")
    for version in run.versions.all():
        for gate in version.gates.all():
            _say(f"  gate {gate.name}: {'passed' if gate.passed else 'FAILED'}. {gate.message}")
        weights = version.card.get("weights", {})
        _say("  mix: " + ", ".join(f"{name} {share:.2f}" for name, share in weights.items()))
    _say("Stop with Ctrl-C.")
    return None


def _stop_jobs() -> None:
    """End training jobs of this machine; they go on from their checkpoint at the next start."""
    from recommender.training.engine import get_engine
    from recommender.training.folders import run_dir
    from recommender.training.models import ACTIVE_STATES, TrainingRun

    for run_id in TrainingRun.objects.filter(state__in=ACTIVE_STATES).values_list("pk", flat=True):
        get_engine().stop(run_dir(run_id))


def _answers(port: int, supervisor: object, stopping: list[int]) -> bool:
    """Wait up to a minute for the first page."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not stopping:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10)
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.2)
        else:
            return True
    return False


def _on_signals() -> list[int]:
    """A list that is filled when somebody asks the demo to end."""
    received: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda signum, frame: received.append(signum))
    return received


def _port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the demo talks to a person


def _fail(line: str) -> int:
    _say(line)
    return 1


if __name__ == "__main__":
    sys.exit(main())
