"""How the OpenAPI description says what holds for every operation: problems, keys and scopes."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from rupai.api import problems


class FieldError(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer to the field; empty for the whole body", allow_blank=True)
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem document; more members may follow."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for programs")
    detail = serializers.CharField()
    hint = serializers.CharField(required=False, help_text="What would be accepted")
    errors = FieldError(many=True, required=False)  # type: ignore[assignment]
    request_id = serializers.CharField(allow_blank=True)


_STATUSES = {
    "400": "The input cannot be taken",
    "401": "No or a wrong key or token",
    "403": "The scope is missing",
    "404": "No such row for this merchant and mode",
    "429": "Too many requests",
    "default": "Any other problem",
}
_WRITES = {"409": "Not in this state, or the key is in use", "422": "A rule forbids it, or the key was reused"}


class Schema(AutoSchema):
    """Adds to each operation what the base view does anyway."""

    def get_override_parameters(self) -> list[Any]:
        if self.method not in {"POST", "PATCH"} or not hasattr(self.view, "money"):
            return []
        required = self.method in self.view.money
        description = "A value of your own; repeat it unchanged when retrying. Kept for 24 hours."
        pattern = {"type": "string", "minLength": 8, "maxLength": 255, "pattern": r"^[0-9A-Za-z._:-]+$"}
        return [
            OpenApiParameter(
                "Idempotency-Key", pattern, OpenApiParameter.HEADER, required=required, description=description
            )
        ]

    def get_description(self) -> Any:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return (super().get_description() or "") + (f"\n\nNeeds the scope `{scope}`." if scope else "")

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        statuses = _STATUSES | (_WRITES if self.method in {"POST", "PATCH", "DELETE"} else {})
        for status, description in statuses.items():
            response = OpenApiResponse(Problem, description=description)
            body = self._get_response_for_code(response, status, media_types=[problems.MEDIA_TYPE])  # type: ignore[no-untyped-call]
            bodies.setdefault(status, body)
        return bodies
