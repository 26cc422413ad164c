"""What a web process loads, seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import attention_shop.wsgi
from django.test import Client
from django.core.management import call_command
from django.contrib.sites.models import Site
from recommender.serving import candidates, explanation, ladder, views
from recommender.serving.live import ModelUnavailable, current

call_command("migrate", verbosity=0)
response = Client().get("/")
assert response.status_code == 200, response.status_code
slot = Client().get("/attention/slots/home/")
assert slot.status_code == 200, slot.content
heavy = {"torch", "scipy", "sklearn", "onnx", "onnxscript", "safetensors"} & set(sys.modules)
print("LOADED", sorted(heavy))
"""


@pytest.mark.filterwarnings("ignore")
def test_torch_is_never_loaded_in_the_web_process(tmp_path: Path) -> None:
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
        "ATTENTION_VAR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "attention_shop.settings",
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "DEBUG": "1",
        "OMP_NUM_THREADS": "1",
    }

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert "LOADED []" in done.stdout
