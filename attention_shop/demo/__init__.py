"""The whole shop on one machine, without any service: ``make demo``."""

from __future__ import annotations
