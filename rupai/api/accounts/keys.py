"""API keys of the caller's merchant and mode."""

from datetime import timedelta
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.accounts.models import ApiKey
from rupai.accounts.services import keys
from rupai.api.accounts.serializers import ApiKeyView, NewApiKey, NewApiKeyView, Rotation
from rupai.api.filters import CreatedFilter
from rupai.api.views import Door


class ApiKeys(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "api_keys:read", "POST": "api_keys:write"}
    lists = True
    queryset = ApiKey.objects.none()
    filterset_class = CreatedFilter
    serializer_class = ApiKeyView

    @extend_schema(operation_id="list_api_keys", responses=ApiKeyView(many=True))
    def get(self, request: Request) -> Response:
        """List the merchant's keys of this mode, newest first."""
        return self.page(ApiKey.objects.visible_to(self.actor), ApiKeyView)

    @extend_schema(operation_id="create_api_key", request=NewApiKey, responses={201: NewApiKeyView})
    def post(self, request: Request) -> HttpResponse:
        """Create a key for the caller's mode. It cannot carry a scope that the caller has not."""
        form = NewApiKey(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            made = keys.create_key(actor=self.actor, **form.validated_data)
            return Response(NewApiKeyView(made).data, status=201)

        return _unstored(self.once_in_transaction("api_keys.create", work))


class ApiKeyDetail(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "api_keys:read", "DELETE": "api_keys:write"}

    @extend_schema(operation_id="get_api_key", responses=ApiKeyView)
    def get(self, request: Request, key_id: str) -> Response:
        """Read a key; its secret is not kept."""
        return Response(ApiKeyView(ApiKey.objects.visible_to(self.actor).named(key_id)).data)

    @extend_schema(operation_id="revoke_api_key", request=None, responses={204: None})
    def delete(self, request: Request, key_id: str) -> Response:
        """Revoke a key, at once and for good."""
        keys.revoke_key(actor=self.actor, key_id=key_id)
        return Response(status=204)


class ApiKeyRotation(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "api_keys:write"}

    @extend_schema(operation_id="rotate_api_key", request=Rotation, responses={201: NewApiKeyView})
    def post(self, request: Request, key_id: str) -> HttpResponse:
        """Replace a key by one of the same name and scopes; the old one goes on for ``overlap_seconds``."""
        form = Rotation(data=request.data)
        form.is_valid(raise_exception=True)
        overlap = timedelta(seconds=form.validated_data["overlap_seconds"])

        def work() -> Response:
            made = keys.rotate_key(actor=self.actor, key_id=key_id, overlap=overlap)
            return Response(NewApiKeyView(made).data, status=201)

        return _unstored(self.once_in_transaction("api_keys.rotate", work))


def _unstored(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
