"""What serving hears from Django: migrations, changed placements, finished requests."""

from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.contrib.sites.models import Site
from django.core.signals import request_finished
from django.db import router
from django.db.models.signals import post_delete, post_migrate, post_save

from recommender.serving import counts, placements
from recommender.serving.models import Placement

logger = logging.getLogger(__name__)


def connect(config: AppConfig) -> None:
    """Connect every receiver once."""
    post_migrate.connect(_create_placements, sender=config, dispatch_uid="attention_placements")
    for signal in (post_save, post_delete):
        signal.connect(placements.forget, sender=Placement, dispatch_uid="attention_placements")
    request_finished.connect(_flush_counts, dispatch_uid="attention_slate_counts")


def _create_placements(using: str, apps: Any = global_apps, **kwargs: Any) -> None:
    """Give every site the default placements, once the tables exist (a flush names no apps)."""
    try:
        apps.get_model("attention_recommender", "Placement")
        apps.get_model("sites", "Site")
    except LookupError:
        return
    if not router.allow_migrate_model(using, Placement):
        return
    for site in Site.objects.using(using).order_by("pk"):
        placements.create_defaults(site=site, using=using)


def _flush_counts(**kwargs: Any) -> None:
    try:
        counts.flush_when_due()
    except Exception:
        logger.exception("slate counts could not be written")
