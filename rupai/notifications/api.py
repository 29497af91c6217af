"""Webhook endpoints of the caller's merchant and mode, and what was delivered to them."""

from datetime import timedelta
from typing import ClassVar

from django.http import HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.filters import CreatedFilter
from rupai.api.views import Door
from rupai.notifications import selectors
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.serializers import (
    NewWebhookEndpoint,
    NewWebhookEndpointView,
    SecretRotation,
    WebhookDeliveryView,
    WebhookEndpointChange,
    WebhookEndpointView,
)
from rupai.notifications.services import deliveries, endpoints


class WebhookEndpoints(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "webhooks:read", "POST": "webhooks:write"}
    lists = True
    queryset = WebhookEndpoint.objects.none()
    filterset_class = CreatedFilter
    serializer_class = WebhookEndpointView

    @extend_schema(operation_id="list_webhook_endpoints", responses=WebhookEndpointView(many=True))
    def get(self, request: Request) -> Response:
        """List endpoints, newest first."""
        return self.page(selectors.endpoints(self.actor), WebhookEndpointView)

    @extend_schema(
        operation_id="create_webhook_endpoint", request=NewWebhookEndpoint, responses={201: NewWebhookEndpointView}
    )
    def post(self, request: Request) -> HttpResponse:
        """Create an endpoint. Its secret is shown once; what happens from now on is posted to it, signed."""
        form = NewWebhookEndpoint(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            made = endpoints.create_endpoint(actor=self.actor, **form.validated_data)
            return Response(NewWebhookEndpointView(made).data, status=201)

        return _unstored(self.once_in_transaction("webhook_endpoints.create", work))


class WebhookEndpointDetail(Door):
    scopes: ClassVar[dict[str, str]] = {
        "GET": "webhooks:read",
        "PATCH": "webhooks:write",
        "DELETE": "webhooks:write",
    }

    @extend_schema(operation_id="get_webhook_endpoint", responses=WebhookEndpointView)
    def get(self, request: Request, endpoint_id: str) -> Response:
        """Read an endpoint."""
        return Response(WebhookEndpointView(selectors.endpoints(self.actor).named(endpoint_id)).data)

    @extend_schema(operation_id="update_webhook_endpoint", request=WebhookEndpointChange, responses=WebhookEndpointView)
    def patch(self, request: Request, endpoint_id: str) -> HttpResponse:
        """Change what is given; switching off discards what is still to be delivered."""
        form = WebhookEndpointChange(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            changed = endpoints.update_endpoint(actor=self.actor, endpoint_id=endpoint_id, **form.validated_data)
            return Response(WebhookEndpointView(changed).data)

        return self.once_in_transaction("webhook_endpoints.change", work)

    @extend_schema(operation_id="delete_webhook_endpoint", request=None, responses={204: None})
    def delete(self, request: Request, endpoint_id: str) -> Response:
        """Delete an endpoint; what is still to be delivered is discarded."""
        endpoints.delete_endpoint(actor=self.actor, endpoint_id=endpoint_id)
        return Response(status=204)


class WebhookSecretRotation(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "webhooks:write"}

    @extend_schema(
        operation_id="rotate_webhook_secret", request=SecretRotation, responses={201: NewWebhookEndpointView}
    )
    def post(self, request: Request, endpoint_id: str) -> HttpResponse:
        """Give the endpoint a new secret; messages carry both signatures for ``overlap_seconds``."""
        form = SecretRotation(data=request.data)
        form.is_valid(raise_exception=True)
        overlap = timedelta(seconds=form.validated_data["overlap_seconds"])

        def work() -> Response:
            made = endpoints.rotate_secret(actor=self.actor, endpoint_id=endpoint_id, overlap=overlap)
            return Response(NewWebhookEndpointView(made).data, status=201)

        return _unstored(self.once_in_transaction("webhook_endpoints.rotate_secret", work))


class DeliveryFilter(CreatedFilter):
    state = filters.ChoiceFilter(choices=WebhookDelivery.State.choices)


class WebhookDeliveries(Door):
    scopes: ClassVar[dict[str, str]] = {"GET": "webhooks:read"}
    lists = True
    queryset = WebhookDelivery.objects.none()
    filterset_class = DeliveryFilter
    serializer_class = WebhookDeliveryView

    @extend_schema(operation_id="list_webhook_deliveries", responses=WebhookDeliveryView(many=True))
    def get(self, request: Request, endpoint_id: str) -> Response:
        """List an endpoint's deliveries, newest first."""
        endpoint = selectors.endpoints(self.actor).named(endpoint_id)
        return self.page(selectors.deliveries(self.actor, endpoint), WebhookDeliveryView)


class WebhookReplay(Door):
    scopes: ClassVar[dict[str, str]] = {"POST": "webhooks:write"}

    @extend_schema(operation_id="replay_webhook_delivery", request=None, responses={202: WebhookDeliveryView})
    def post(self, request: Request, delivery_id: str) -> HttpResponse:
        """Send a delivery again, under the same webhook-id and with the same bytes."""

        def work() -> Response:
            delivery = deliveries.replay_delivery(actor=self.actor, delivery_id=delivery_id)
            return Response(WebhookDeliveryView(delivery).data, status=202)

        return self.once_in_transaction("webhook_deliveries.replay", work)


def _unstored(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
