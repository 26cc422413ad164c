"""The Celery application of the shop that ships with the package."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attention_shop.settings")

app = Celery("attention_shop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
