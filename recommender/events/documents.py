"""The beacon as the OpenAPI document describes it; never used to read or write a request."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

from recommender.events.batch import MOST_EVENTS
from recommender.events.kinds import BROWSER_KINDS
from recommender.events.records import Cause, Verdict

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["id", "kind"],
    "additionalProperties": False,
    "properties": {
        "id": {
            "type": "string",
            "format": "uuid",
            "description": "UUIDv7, minted when it happened",
        },
        "kind": {"type": "string", "enum": sorted(BROWSER_KINDS)},
        "product": {"type": "string", "maxLength": 128, "nullable": True},
        "category": {"type": "string", "maxLength": 128, "nullable": True},
        "placement": {"type": "string", "maxLength": 64, "nullable": True},
        "slate": {"type": "string", "format": "uuid", "nullable": True},
        "position": {"type": "integer", "minimum": 0, "maximum": 32767, "nullable": True},
        "value": {"type": "integer", "minimum": 0, "nullable": True},
        "occurred_at": {
            "type": "integer",
            "nullable": True,
            "description": "Unix milliseconds; within a minute of the id's own time",
        },
    },
}

BATCH: dict[str, Any] = {
    "application/json": {
        "type": "object",
        "required": ["v", "events"],
        "additionalProperties": False,
        "properties": {
            "v": {"type": "integer", "enum": [1]},
            "events": {"type": "array", "maxItems": MOST_EVENTS, "items": _EVENT},
        },
    }
}

_RESULT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "v": {"type": "integer"},
        "accepted": {"type": "integer"},
        "duplicate": {"type": "integer"},
        "refused": {"type": "integer"},
        "not_kept": {"type": "integer"},
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "verdict": {"type": "string", "enum": sorted(Verdict)},
                    "cause": {"type": "string", "enum": sorted(Cause)},
                },
            },
        },
    },
}

_ERROR: dict[str, Any] = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}

RESPONSES: dict[Any, Any] = {
    202: OpenApiResponse(_RESULT, description="At least one event is kept."),
    200: OpenApiResponse(_RESULT, description="None was kept; each says why."),
    400: OpenApiResponse(_ERROR, description="Not a batch of version 1."),
    403: OpenApiResponse(_ERROR, description="Not sent by the shop's own page."),
    413: OpenApiResponse(_ERROR, description="Too many bytes or events."),
    415: OpenApiResponse(_ERROR, description="Not JSON."),
}
