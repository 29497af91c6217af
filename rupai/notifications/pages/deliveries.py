"""The page of a webhook delivery, sending it again, and its place on the page of an event."""

import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.models import Event
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.pages.endpoints import READ, WRITE
from rupai.notifications.services import deliveries
from rupai.pages.attention import Matter, attention
from rupai.pages.bases import TenantAdmin
from rupai.pages.details import DetailAdmin
from rupai.pages.once import said
from rupai.pages.registry import page
from rupai.pages.rendering import render_page
from rupai.pages.sections import Section, section

_MOST = 25


@attention(order=20, scope=READ)
def given_up(actor: Actor) -> Matter:
    """Deliveries that no endpoint took, however often they were sent."""
    failed = WebhookDelivery.State.FAILED
    return Matter(
        one="webhook delivery given up",
        many="webhook deliveries given up",
        rows=WebhookDelivery.objects.visible_to(actor).filter(state=failed, livemode=actor.livemode),
        url=f"{reverse('admin:notifications_webhookdelivery_changelist')}?state={failed}",
    )


class DeliveryPage(DetailAdmin, TenantAdmin):
    """The page of one delivery: what was sent, each try with its answer, and sending again."""

    def detail(self, request: HttpRequest, row: WebhookDelivery) -> HttpResponse:
        context = {
            "delivery": row,
            "endpoint": row.endpoint,
            "event": row.event,
            "tries": list(row.attempts.order_by("-pk")),
            "body": json.dumps(json.loads(bytes(row.body)), indent=2, ensure_ascii=False),
            "may_write": self.actor(request, row).may(WRITE),
        }
        return render_page(request, "notifications/delivery.html", context, title=f"Delivery of {row.event.type}")


@page("notifications/webhookdelivery/<uuid:key>/replay/", name="notifications_delivery_replay", scope=WRITE)
def replay(request: HttpRequest, key: UUID) -> HttpResponse:
    """Ask, then send a delivery again; one that is being sent is not begun anew."""
    shown_by: Any = admin.site._registry[WebhookDelivery]
    delivery: WebhookDelivery = shown_by.row(request, str(key))
    back = HttpResponseRedirect(reverse("admin:notifications_webhookdelivery_change", args=[delivery.pk]))
    if delivery.state == WebhookDelivery.State.PENDING:
        messages.info(request, "It is being sent.")
        return back
    if request.method == "POST":
        try:
            deliveries.replay_delivery(actor=shown_by.actor(request, delivery), delivery_id=delivery.public_id)
        except DomainError as refusal:
            messages.error(request, said(refusal))
        else:
            messages.success(request, "It is being sent again.")
        return back
    context = {
        "lead": "The same bytes go out under the same id, from the beginning of the schedule.",
        "verb": "Send again",
        "icon": "rotate-cw",
        "back": back.url,
        "facts": [("Event", delivery.event.type), ("Address", delivery.endpoint.url), ("State", delivery.state)],
    }
    return render_page(request, "core/confirm.html", context, title="Send the delivery again?")


@section("event", order=30)
def deliveries_of(request: HttpRequest, event: Event) -> Section | None:
    """To whom an event was sent, for those who may see webhooks of its merchant."""
    shown_by: Any = admin.site._registry[WebhookDelivery]
    if not shown_by.has_view_permission(request):
        return None
    rows = shown_by.get_queryset(request).filter(event=event).select_related("endpoint").defer("body")
    context = {"deliveries": list(rows.order_by("pk")[:_MOST]), "wide": True}
    return Section(title="Webhook deliveries", template="notifications/_of_event.html", context=context)
