"""The shapes of serving's answers, for the schema at ``/attention/schema/``; nothing runs them."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from recommender.serving.models import MAX_SIZE
from recommender.serving.slate import Mode, ReasonKind, Rung


class ReasonDocument(serializers.Serializer[None]):
    """Why a product is on a slate."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in ReasonKind])
    text = serializers.CharField(help_text="In the language of the request; plain text.")


class ItemDocument(serializers.Serializer[None]):
    """One product on a slate."""

    key = serializers.CharField(help_text="The shop's key of the product.")
    position = serializers.IntegerField(min_value=1)
    title = serializers.CharField()
    url = serializers.CharField()
    picture_url = serializers.CharField(allow_blank=True)
    price_micros = serializers.IntegerField(
        allow_null=True, help_text="Price of this request in millionths of the currency."
    )
    currency = serializers.CharField(help_text="ISO 4217.")
    reason = ReasonDocument()
    disclosure = serializers.CharField(
        allow_blank=True, help_text="A label that must be shown beside the product."
    )
    viewable_url = serializers.CharField(allow_blank=True)


class SlateDocument(serializers.Serializer[None]):
    """A slate."""

    format = serializers.IntegerField(help_text="Version of this layout: 1.")
    placement = serializers.CharField()
    slate = serializers.UUIDField(help_text="Id of this slate; events about it name it.")
    heading = serializers.CharField(allow_blank=True)
    mode = serializers.ChoiceField(choices=[mode.value for mode in Mode])
    rung = serializers.ChoiceField(choices=[rung.value for rung in Rung])
    model = serializers.CharField(allow_blank=True, help_text="Version of the model that ranked.")
    items = ItemDocument(many=True)


class ErrorBody(serializers.Serializer[None]):
    """What was wrong."""

    code = serializers.CharField()
    message = serializers.CharField()


class ErrorDocument(serializers.Serializer[None]):
    """An answer to a question that cannot be answered."""

    error = ErrorBody()


class HideForm(serializers.Serializer[None]):
    """Which product to hide, and where to go back to."""

    product = serializers.CharField(max_length=128)
    placement = serializers.CharField(required=False)
    slate = serializers.UUIDField(required=False)
    next = serializers.CharField(required=False, help_text="An address of this shop.")


class HideOutcome(serializers.Serializer[None]):
    """Whether the wish is kept; it is not for a visitor the shop does not remember."""

    hidden = serializers.BooleanField()
    cause = serializers.CharField(allow_blank=True)


SLOT_PARAMETERS = [
    OpenApiParameter("placement", str, OpenApiParameter.PATH, description="Name of a placement."),
    OpenApiParameter("product", str, description="Key of the page's product."),
    OpenApiParameter("category", str, description="Key of the page's category."),
    OpenApiParameter("q", str, description="What was searched for on the page."),
    OpenApiParameter("size", int, description=f"Items wanted, 1 to {MAX_SIZE}."),
]
SLOT_RESPONSES = {
    200: SlateDocument,
    400: OpenApiResponse(ErrorDocument, "A parameter is malformed."),
    404: OpenApiResponse(ErrorDocument, "There is no placement of this name."),
}
HIDE_RESPONSES = {
    200: OpenApiResponse(HideOutcome, "The answer to ``Accept: application/json``."),
    303: OpenApiResponse(None, "Back to ``next`` or to the referring page."),
    400: OpenApiResponse(ErrorDocument, "No product is named."),
    403: OpenApiResponse(None, "The form was sent from another site."),
}
