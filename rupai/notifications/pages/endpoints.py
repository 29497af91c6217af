"""The page of a webhook endpoint with its deliveries; switched, tried and deleted after a question."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import endpoints
from rupai.pages.bases import TenantAdmin
from rupai.pages.details import DetailAdmin
from rupai.pages.once import said
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page

READ, WRITE = "webhooks:read", "webhooks:write"
_NEWEST = 25
menu(
    MenuItem(
        title="Webhooks",
        icon="webhook",
        url_name="notifications_webhookendpoint_changelist",
        group="Configure",
        order=40,
        scope=READ,
    )
)


class EndpointPage(DetailAdmin, TenantAdmin):
    """The page of one endpoint: facts, its newest deliveries (all or failed ones), and what may be done."""

    def detail(self, request: HttpRequest, row: WebhookEndpoint) -> HttpResponse:
        state = request.GET.get("state", "")
        found = row.deliveries.select_related("event").defer("body", "event__data", "event__changes")
        if state in WebhookDelivery.State.values:
            found = found.filter(state=state)
        now = clock.now()
        ends = row.previous_secret_expires_at
        context = {
            "endpoint": row,
            "state": state_of(row),
            "deliveries": list(found.order_by("-created_at", "-pk")[:_NEWEST]),
            "chosen": state,
            "states": ["", *WebhookDelivery.State.values],
            "old_secret_ends": ends if ends is not None and ends > now else None,
            "may_write": row.deleted_at is None and self.actor(request, row).may(WRITE),
        }
        return render_page(
            request, "notifications/endpoint.html", context, title=row.url, fragment="notifications/_deliveries.html"
        )


def state_of(endpoint: WebhookEndpoint) -> str:
    """Whether an endpoint is told of events now."""
    if endpoint.deleted_at is not None:
        return "deleted"
    return "enabled" if endpoint.enabled else "disabled"


@page("notifications/webhookendpoint/<uuid:key>/switch/", name="notifications_endpoint_switch", scope=WRITE)
def switch(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, then switch an endpoint off or on."""
    endpoint = endpoint_of(request, key)
    wanted = request.POST.get("wanted") == "on" if request.method == "POST" else not endpoint.enabled
    lead = (
        "Events from now on are sent again; what happened meanwhile is not sent by itself."
        if wanted
        else "Nothing is sent any more, and what is still to be delivered is discarded."
    )
    words = {
        "title": f"Switch the endpoint {'on' if wanted else 'off'}?",
        "lead": lead,
        "verb": "Switch on" if wanted else "Switch off",
        "icon": "power" if wanted else "power-off",
        "danger": not wanted,
        "hidden": [("wanted", "on" if wanted else "off")],
        "done": f"The endpoint is {'on' if wanted else 'off'}.",
    }
    return _decide(
        request,
        endpoint,
        words,
        lambda actor: endpoints.update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=wanted),
    )


@page("notifications/webhookendpoint/<uuid:key>/remove/", name="notifications_endpoint_remove", scope=WRITE)
def remove(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, then delete an endpoint; its history stays."""
    endpoint = endpoint_of(request, key)
    words = {
        "title": "Delete the endpoint?",
        "lead": "Nothing is sent there any more. Its deliveries stay to be looked at.",
        "verb": "Delete",
        "icon": "trash-2",
        "danger": True,
        "done": "The endpoint is deleted.",
    }
    return _decide(
        request,
        endpoint,
        words,
        lambda actor: endpoints.delete_endpoint(actor=actor, endpoint_id=endpoint.public_id),
    )


@page("notifications/webhookendpoint/<uuid:key>/try/", name="notifications_endpoint_try", scope=WRITE)
def try_out(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, then send a test event."""
    endpoint = endpoint_of(request, key)
    words = {
        "title": "Send a test event?",
        "lead": "The endpoint gets one event webhook_endpoint.tested, whatever it subscribed to.",
        "verb": "Send",
        "icon": "send",
        "done": "Sent; the delivery appears here in a moment.",
    }
    return _decide(
        request, endpoint, words, lambda actor: endpoints.send_test(actor=actor, endpoint_id=endpoint.public_id)
    )


def endpoint_of(request: HttpRequest, key: UUID) -> WebhookEndpoint:
    """An endpoint that the person may see and that is not deleted.

    :raises Http404: when there is none.
    """
    shown_by: Any = admin.site._registry[WebhookEndpoint]
    endpoint: WebhookEndpoint = shown_by.row(request, str(key))
    if endpoint.deleted_at is not None:
        raise Http404("The endpoint is deleted")
    return endpoint


def actor_for(request: HttpRequest, endpoint: WebhookEndpoint) -> Actor:
    """The person as the actor at the endpoint's merchant and mode."""
    shown_by: Any = admin.site._registry[WebhookEndpoint]
    actor: Actor = shown_by.actor(request, endpoint)
    return actor


def address_of(endpoint: WebhookEndpoint) -> str:
    """The address of an endpoint's page."""
    return reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])


def _decide(
    request: HttpRequest, endpoint: WebhookEndpoint, words: dict[str, Any], act: Callable[[Actor], Any]
) -> HttpResponse:
    back = address_of(endpoint)
    if request.method == "POST":
        try:
            act(actor_for(request, endpoint))
        except DomainError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, words["done"])
        return HttpResponseRedirect(back)
    facts = [("Address", endpoint.url), ("Events", ", ".join(endpoint.events))]
    return render_page(request, "core/confirm.html", {**words, "facts": facts, "back": back}, title=words["title"])
