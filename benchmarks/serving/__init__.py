"""What a slate costs: ``python -m benchmarks.serving``."""

from __future__ import annotations
