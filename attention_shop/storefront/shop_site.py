"""Which shop a request is for."""

from __future__ import annotations

from typing import cast

from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest


def site_of(request: HttpRequest) -> Site:
    """The site of ``request``; the sites framework keeps it, so it costs no query."""
    return cast(Site, get_current_site(request))
