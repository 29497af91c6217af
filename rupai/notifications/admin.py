"""Admin of webhooks: to look at, to try, to switch, to send again; secrets are never shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rupai.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import deliveries, endpoints
from rupai.pages.admin import ReadOnlyAdmin, TenantAdmin


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "webhooks:read"
    list_display = ("url", "public_id", "events", "livemode", "enabled", "failures", "last_success_at", "created_at")
    list_filter = ("livemode", "enabled")
    search_fields = ("url",)
    ordering = ("-created_at", "-id")
    actions = ("try_out", "switch_on", "switch_off")

    @admin.action(description="Send a test event to the selected endpoints")
    def try_out(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in rows.order_by("pk"):
            endpoints.send_test(actor=self.actor(request, endpoint), endpoint_id=endpoint.public_id)
        self.message_user(request, "Sent; see the deliveries in a moment.", messages.SUCCESS)

    @admin.action(description="Switch the selected endpoints on")
    def switch_on(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        self._switch(request, rows, enabled=True)

    @admin.action(description="Switch the selected endpoints off and discard what is pending")
    def switch_off(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint]) -> None:
        self._switch(request, rows, enabled=False)

    def _switch(self, request: HttpRequest, rows: QuerySet[WebhookEndpoint], *, enabled: bool) -> None:
        for endpoint in rows.order_by("pk"):
            actor = self.actor(request, endpoint)
            endpoints.update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=enabled)
        self.message_user(request, "Switched.", messages.SUCCESS)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "webhooks:read"
    list_display = ("public_id", "event", "endpoint", "state", "tries", "last_status", "next_at", "created_at")
    list_filter = ("state", "livemode")
    list_select_related = ("event", "endpoint")
    ordering = ("-created_at", "-id")
    show_full_result_count = False
    actions = ("send_again",)

    @admin.action(description="Send the selected deliveries again under the same id")
    def send_again(self, request: HttpRequest, rows: QuerySet[WebhookDelivery]) -> None:
        for delivery in rows.order_by("pk"):
            deliveries.replay_delivery(actor=self.actor(request, delivery), delivery_id=delivery.public_id)
        self.message_user(request, "They are being sent.", messages.SUCCESS)


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin, TenantAdmin):
    merchant_field = "delivery__merchant_id"
    read_scope = "webhooks:read"
    list_display = ("delivery", "at", "status", "milliseconds", "error")
    list_select_related = ("delivery",)
    ordering = ("-pk",)
    show_full_result_count = False
