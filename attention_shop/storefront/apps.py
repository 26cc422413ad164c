"""The storefront's Django app: a small complete shop, a host like any other."""

from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_lazy as _


class StorefrontConfig(AppConfig):
    """Register what the shop holds of people and its checks, and listen to its own catalog."""

    name = "attention_shop.storefront"
    label = "attention_storefront"
    verbose_name = _("Storefront")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from attention_shop.storefront import checks, holdings, receivers

        register(checks.check_session_engine)
        receivers.connect()
        holdings.register_all()
