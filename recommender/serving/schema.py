"""The OpenAPI document of every public address under ``/attention/``, and of nothing else."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response


class SchemaView(SpectacularAPIView):
    """``GET /attention/schema/``: YAML, or JSON with ``?format=json``."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    renderer_classes = [OpenApiYamlRenderer, OpenApiJsonRenderer]
    custom_settings = {
        "TITLE": "Attention Shop",
        "DESCRIPTION": "Slots, events, consent and rights.",
        "VERSION": "1",
    }

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with the document; a host's own API is left out."""
        self.patterns = [path("", include("consent.urls")), path("", include("recommender.urls"))]
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        return response
