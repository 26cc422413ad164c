"""The WSGI entry point of the shop that ships with the package."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attention_shop.settings")

application = get_wsgi_application()

import attention_shop.celery  # noqa: E402, F401  tasks sent from a page need the configured broker
from recommender.serving import live  # noqa: E402  needs the apps, which are ready only now

live.warm()
