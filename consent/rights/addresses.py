"""Make addresses of this shop for what leaves it: mails, receipts."""

from __future__ import annotations

from django.contrib.sites.models import Site

from consent.conf import consent_settings


def public_url(site: Site, path: str) -> str:
    """Return the full address of a page.

    Never taken from the request: who sends one can write any host into it, and a mailed link must
    lead here.
    """
    base = consent_settings.PUBLIC_URL or f"https://{site.domain}"
    return f"{base.rstrip('/')}{path}"
