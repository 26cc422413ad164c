"""Configure the app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ConsentConfig(AppConfig):
    name = "consent"
    label = "attention_consent"
    verbose_name = _("Privacy")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent import checks as own_checks
        from consent import keys, receivers
        from consent.erasure.retention import register_own as register_traces
        from consent.people.holdings import register_own
        from consent.retention.own import register_own as register_retention
        from consent.rights.holding import register_requests
        from consent.staff.holdings import register_own as register_accesses

        if settings.DEBUG:
            keys.allow_development_keys(True)
        register_own()
        register_requests()
        register_accesses()
        register_retention()
        register_traces()
        for check in own_checks.ALL:
            checks.register(check)
        receivers.connect()
        post_migrate.connect(make_first_policy, sender=self)


def make_first_policy(sender: AppConfig, **kwargs: Any) -> None:
    """Publish the settings' texts on every site that has no policy version."""
    from django.contrib.sites.models import Site

    from consent.policies.services import ensure_policy

    for site in Site.objects.all():
        ensure_policy(site=site)
