"""Admin of webhooks: to look at, to try, to switch, to send again; secrets are never shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from rupai.core.models import Event
from rupai.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from rupai.notifications.pages import editing
from rupai.notifications.pages.deliveries import DeliveryPage
from rupai.notifications.pages.endpoints import READ, WRITE, EndpointPage, state_of
from rupai.notifications.services import deliveries, endpoints
from rupai.pages.admin import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice, flag
from rupai.pages.place import actor_of


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ConsoleList, EndpointPage):
    read_scope = READ
    in_search = True
    columns = (
        Column(name="url", label="Address", url=address, card="primary"),
        Column(name="state", label="Status", kind="status", value=state_of, card="primary"),
        Column(name="events", label="Events", value=lambda row: ", ".join(row.events), card="secondary"),
        Column(name="failures", label="Failures", kind="number"),
        Column(name="last_success_at", label="Last success", kind="when"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (flag("enabled", "Switched on"),)
    search_exact = ("url",)
    search_hint = "Id or whole address"
    empty_hint = "Add one to be told of payments as they happen."
    actions = ("try_out", "switch_on", "switch_off")

    def links(self, request: HttpRequest) -> list[dict[str, str]]:
        deliveries = reverse("admin:notifications_webhookdelivery_changelist")
        found = [{"label": "Failed deliveries", "url": f"{deliveries}?state=failed", "icon": "octagon-x"}]
        if actor_of(request).may(WRITE):
            found.append({"label": "Add endpoint", "url": reverse(f"admin:{editing.NAME}"), "icon": "plus"})
        return found

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
class WebhookDeliveryAdmin(ConsoleList, DeliveryPage):
    read_scope = READ
    list_select_related = ("event", "endpoint")
    columns = (
        Column(name="event", label="Event", value="event__type", url=address, card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        Column(name="endpoint", label="Address", value="endpoint__url", card="secondary"),
        Column(name="public_id", label="Delivery", kind="mono"),
        Column(name="tries", label="Tries", kind="number"),
        Column(name="last_status", label="Answer", kind="mono"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", WebhookDelivery.State.choices),
        by_id("endpoint", "Endpoint", prefix=WebhookEndpoint.prefix, field="endpoint_id"),
        by_id("event", "Event", prefix=Event.prefix, field="event_id"),
    )
    search_hint = "Delivery id"
    empty_hint = "What is sent to your endpoints appears here."
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
