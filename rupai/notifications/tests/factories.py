"""The smallest endpoints, events and deliveries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from rupai.core import events, ids
from rupai.core.actor import Actor
from rupai.core.models import Event
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import deliveries, endpoints, sending

PUBLIC_URL = "https://example.com/hooks"


class Payment:
    """What the events are about."""

    prefix = "pay"

    def __init__(self, actor: Actor) -> None:
        self.merchant_id, self.livemode, self.id = actor.merchant, actor.livemode, ids.new_key()

    @property
    def public_id(self) -> str:
        return ids.public_id(self.prefix, self.id)


def merchant_actor(*, livemode: bool = False, merchant_id: UUID | None = None, scopes: set[str] | None = None) -> Actor:
    allowed = frozenset(scopes if scopes is not None else {"webhooks:read", "webhooks:write"})
    return Actor("key", "key_of_a_test", merchant_id or ids.new_key(), livemode, allowed)


def endpoint_at(url: str, *, actor: Actor, patterns: list[str] | None = None) -> WebhookEndpoint:
    made = endpoints.create_endpoint(actor=actor, url=url, events=patterns or ["payment.*"])
    return made.endpoint


def happen(actor: Actor, type: str = "payment.captured", **data: Any) -> Event:
    """Emit an event and number it, as the sequencer would."""
    with transaction.atomic():
        event = events.emit(type, subject=Payment(actor), actor=actor, data={"amount": 10000, **data})
    number(event)
    return event


def number(event: Event) -> None:
    """Give an event its place in the log."""
    of_merchant = Event.objects.filter(merchant_id=event.merchant_id, livemode=event.livemode)
    event.seq = (of_merchant.aggregate(last=Max("seq"))["last"] or 0) + 1
    event.position = (Event.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    Event.objects.filter(pk=event.pk).update(seq=event.seq, position=event.position)


def number_all() -> None:
    """Number all events that have no place yet."""
    for event in Event.objects.filter(seq__isnull=True).order_by("inserted"):
        number(event)


def opened(event: Event, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Read the log, and get the delivery of an event to an endpoint."""
    deliveries.open_new()
    found: WebhookDelivery = WebhookDelivery.objects.get(event=event, endpoint=endpoint)
    return found


def send(delivery: WebhookDelivery) -> bool:
    """Try a delivery now, and read its row again."""
    sent = sending.deliver(delivery.pk)
    delivery.refresh_from_db()
    return sent


def due_at(delivery: WebhookDelivery) -> datetime:
    """When a delivery is tried next."""
    delivery.refresh_from_db()
    return delivery.next_at
