"""Name the periodic work of this floor, for the project's ``CELERY_BEAT_SCHEDULE``.

Every entry expires before its next turn, so a worker that was away meets no backlog.
"""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "attention-training-steps": {
        "task": "attention_recommender.advance_runs",
        "schedule": 3.0,
        "options": {"expires": 3},
    },
    "attention-training-due": {
        "task": "attention_recommender.request_due_runs",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "attention-interests-removed": {
        "task": "attention_recommender.delete_removed",
        "schedule": crontab(hour=2, minute=30),
        "options": {"expires": 12 * 3600},
    },
    "attention-catalog-reconcile": {
        "task": "attention_recommender.reconcile_catalogs",
        "schedule": crontab(hour=1, minute=40),
        "options": {"expires": 12 * 3600},
    },
    "attention-bestsellers": {
        "task": "attention_recommender.refresh_bestsellers",
        "schedule": 1800.0,
        "options": {"expires": 1500},
    },
}
