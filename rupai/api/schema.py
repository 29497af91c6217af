"""How the OpenAPI description says what holds for every operation: problems, keys and scopes."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from rupai.api import problems
from rupai.api.fields import StrictSerializer


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
    "406": "The wanted form of answer is not JSON",
    "429": "Too many requests",
    "503": "The database or a provider does not answer right now",
}
_NAMED = {"404": "No such row for this merchant and mode"}
_WRITES = {"409": "Not in this state, or the key is in use", "422": "A rule forbids it, or the key was reused"}
_BODIES = {
    "411": "The length of the body is not told",
    "413": "The body is too large",
    "415": "The body is not JSON in UTF-8",
}
_DONE = ["200", "201", "202", "204"]
_HEADERS = [
    OpenApiParameter(
        "X-Request-Id", str, OpenApiParameter.HEADER, response=_DONE, description="Names the request in our logs"
    ),
    OpenApiParameter(
        "Retry-After", int, OpenApiParameter.HEADER, response=["409", "429", "503"], description="Seconds to wait"
    ),
]
_REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    {"type": "string", "enum": ["true"]},
    OpenApiParameter.HEADER,
    response=[*_DONE, "402"],
    description="The answer of an earlier request with this key",
)


class Schema(AutoSchema):
    """Adds to each operation what the base view does anyway."""

    def get_override_parameters(self) -> list[Any]:
        if self.method not in {"POST", "PATCH"} or self.method not in getattr(self.view, "scopes", {}):
            return _HEADERS
        required = self.method in getattr(self.view, "money", ())
        description = "A value of your own; repeat it unchanged when retrying. Kept for 24 hours."
        pattern = {"type": "string", "minLength": 8, "maxLength": 255, "pattern": r"^[0-9A-Za-z._:-]+$"}
        key = OpenApiParameter(
            "Idempotency-Key", pattern, OpenApiParameter.HEADER, required=required, description=description
        )
        return [*_HEADERS, _REPLAYED, key]

    def get_description(self) -> Any:  # type: ignore[override]
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return (super().get_description() or "") + (f"\n\nNeeds the scope `{scope}`." if scope else "")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if not isinstance(serializer, StrictSerializer):
            return schema
        own = {name: value for name, value in schema.items() if value != StrictSerializer.__doc__}
        return {**own, "additionalProperties": False}

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema = {**schema, "minItems": 1}
        return {**schema, **getattr(field, "narrower", {})}

    def _get_filter_parameters(self) -> Any:
        parameters = super()._get_filter_parameters()  # type: ignore[no-untyped-call]
        for parameter in parameters:
            if parameter["in"] == "query" and parameter["schema"].get("type") == "string":
                # An empty filter is refused, not ignored.
                parameter["schema"].setdefault("minLength", 1)
        return parameters

    def _get_response_for_code(
        self, serializer: Any, status_code: Any, media_types: Any = None, direction: Any = "response"
    ) -> Any:
        inner = serializer.response if isinstance(serializer, OpenApiResponse) else serializer
        media_types = [problems.MEDIA_TYPE] if inner is Problem else media_types
        return super()._get_response_for_code(serializer, status_code, media_types, direction)  # type: ignore[no-untyped-call]

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        for status, description in self._refusals().items():
            response = OpenApiResponse(Problem, description=description)
            bodies.setdefault(status, self._get_response_for_code(response, status))
        return bodies

    def _refusals(self) -> dict[str, str]:
        found = dict(_STATUSES)
        if self.method in {"POST", "PATCH", "DELETE"}:
            found |= _NAMED | _WRITES
        if self.method in {"POST", "PATCH"}:
            found |= _BODIES
        return found | (_NAMED if "{" in self.path else {})
