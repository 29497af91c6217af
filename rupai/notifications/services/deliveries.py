"""From the event log to what is to be delivered: bodies are frozen here, and opened again by hand."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction

from rupai.core import clock, events, ids, queue, readers
from rupai.core.actor import Actor
from rupai.core.errors import WrongState
from rupai.core.models import Event
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services.endpoints import TESTED

# Enough to begin with; each delivery that ends wakes the next one of its endpoint, and the sweep wakes the rest.
_FIRST = 3


def open_new() -> int:
    """Read the log on and open a delivery for each endpoint that wants an event; tell how many events were read."""
    return readers.drain("webhooks", _open)


def replay_delivery(*, actor: Actor, delivery_id: str) -> WebhookDelivery:
    """Send a delivery again under the same id and with the same bytes, from the beginning of the schedule.

    :raises WrongState: when the endpoint is switched off or deleted.
    """
    actor.require("webhooks:write")
    with transaction.atomic():
        key = WebhookDelivery.objects.visible_to(actor).named(delivery_id).endpoint_id
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=key)
        if not endpoint.enabled:
            raise WrongState("The endpoint is switched off", hint="Switch it on first.", endpoint_id=endpoint.public_id)
        delivery: WebhookDelivery = (
            WebhookDelivery.objects.visible_to(actor).select_for_update(of=("self",)).named(delivery_id)
        )
        before = delivery.state
        delivery.state, delivery.tries = WebhookDelivery.State.PENDING, 0
        delivery.next_at, delivery.finished_at = clock.now(), None
        delivery.save(update_fields=["state", "tries", "next_at", "finished_at"])
        events.emit(
            "webhook_delivery.replayed",
            subject=delivery,
            actor=actor,
            data={"id": delivery.public_id, "endpoint_id": endpoint.public_id, "state": delivery.state},
            changes={"state": [before, delivery.state]},
        )
        queue.enqueue("notifications.deliver_webhook", delivery_id=delivery.public_id)
    return delivery


def body_of(event: Event) -> bytes:
    """Write the message about an event; it never changes afterwards.

    ``sequence`` counts the merchant's events in this mode: of two events about one object the later has the greater.
    """
    content = {
        "id": event.public_id,
        "type": event.type,
        "created_at": event.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "merchant_id": ids.public_id("mer", event.merchant_id),
        "livemode": event.livemode,
        "sequence": event.seq,
        "subject_id": event.subject_id,
        "data": event.data,
        "changes": event.changes,
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def _open(log: Sequence[Event]) -> None:
    now = clock.now()
    wanted = [
        _delivery(event, endpoint, now)
        for event, endpoints in _endpoints_of(log)
        for endpoint in endpoints
        if _is_meant(event, endpoint)
    ]
    WebhookDelivery.objects.bulk_create(wanted, batch_size=1000)
    woken: dict[UUID, int] = {}
    for delivery in wanted:
        count = woken[delivery.endpoint_id] = woken.get(delivery.endpoint_id, 0) + 1
        if count <= _FIRST:
            queue.enqueue("notifications.deliver_webhook", delivery_id=delivery.public_id)


def _endpoints_of(log: Sequence[Event]) -> Iterator[tuple[Event, list[WebhookEndpoint]]]:
    """Each event with the endpoints of its merchant and mode that are on."""
    found: dict[tuple[UUID, bool], list[WebhookEndpoint]] = {}
    merchants = {event.merchant_id for event in log}
    for endpoint in WebhookEndpoint.objects.filter(enabled=True, merchant_id__in=merchants).order_by("pk"):
        found.setdefault((endpoint.merchant_id, endpoint.livemode), []).append(endpoint)
    for event in log:
        yield event, found.get(events.tenant_of(event), [])


def _is_meant(event: Event, endpoint: WebhookEndpoint) -> bool:
    if event.type == TESTED:
        return event.subject_id == endpoint.public_id
    # What happened before the endpoint existed is not its business, even when it is numbered later.
    return event.created_at >= endpoint.created_at and endpoint.wants(event.type)


def _delivery(event: Event, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    return WebhookDelivery(
        id=ids.new_key(now),
        merchant_id=event.merchant_id,
        livemode=event.livemode,
        created_at=now,
        endpoint=endpoint,
        event=event,
        body=body_of(event),
        next_at=now,
    )
