"""Name the periodic work of this floor, for the project's ``CELERY_BEAT_SCHEDULE``."""

from __future__ import annotations

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "attention-consent-erasures": {
        "task": "attention_consent.finish_due_erasures",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "attention-consent-checkpoints": {
        "task": "attention_consent.write_checkpoints",
        "schedule": 900.0,
        "options": {"expires": 850},
    },
    "attention-consent-requests": {
        "task": "attention_consent.follow_requests",
        "schedule": 300.0,
        "options": {"expires": 280},
    },
    "attention-consent-retention": {
        "task": "attention_consent.apply_retention",
        "schedule": 3600.0 * 6,
        "options": {"expires": 3600 * 5},
    },
}
