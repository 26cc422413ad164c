"""Publish the keys that verify what the shop signs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.signing import public_keys

CACHE_SECONDS = 300


class KeyOutput(serializers.Serializer[Any]):
    kid = serializers.CharField(help_text="The name a signed document gives its key.")
    algorithm = serializers.CharField()
    public_key = serializers.CharField(help_text="PEM (SubjectPublicKeyInfo).")
    signs = serializers.BooleanField(help_text="Whether new documents are signed with it.")


class KeysOutput(serializers.Serializer[Any]):
    keys = KeyOutput(many=True)


class KeysView(APIView):
    """List the public keys, old ones included. The same for everybody, without cookies."""

    authentication_classes = ()
    permission_classes = ()
    renderer_classes = (JSONRenderer,)

    @extend_schema(operation_id="consent_keys", responses={200: KeysOutput})
    def get(self, request: Request) -> Response:
        published = [
            {
                "kid": key.kid,
                "algorithm": key.algorithm,
                "public_key": key.pem,
                "signs": key.signs,
            }
            for key in public_keys().values()
        ]
        response = Response({"keys": published})
        response["Cache-Control"] = f"public, max-age={CACHE_SECONDS}"
        response["Access-Control-Allow-Origin"] = "*"
        return response
