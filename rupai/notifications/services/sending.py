"""Sending of webhooks: claimed and recorded in short transactions, with none open while the receiver answers."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Q

from rupai.core import clock, failpoints, ids, logs, outbound, queue
from rupai.core.models import Event
from rupai.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import endpoints, schedule, signatures

log = structlog.get_logger(__name__)
# Longer than the sender's own time limits, the look-up of the name included.
LEASE = timedelta(seconds=60)
# A slow receiver holds at most this many senders; one that failed last holds a single one.
MOST_IN_FLIGHT, MOST_WHILE_FAILING = 3, 1
_EXCERPT_READ, _EXCERPT, _ERROR = 4096, 500, 300
State = WebhookDelivery.State
# As many due deliveries per endpoint as may be in flight, so that one endpoint's backlog does not hide the others.
_DUE = """
SELECT d.id FROM notifications_webhookendpoint e CROSS JOIN LATERAL (
    SELECT id, next_at FROM notifications_webhookdelivery
    WHERE endpoint_id = e.id AND state = 'pending' AND next_at <= %(now)s
      AND (leased_until IS NULL OR leased_until <= %(now)s)
    ORDER BY next_at LIMIT %(each)s
) d WHERE e.enabled ORDER BY d.next_at LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one delivery until the lease ends."""

    delivery_id: UUID
    endpoint_id: UUID
    leased_until: datetime
    url: str
    secrets: list[str]
    message_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: an answer with a status, or an error."""

    milliseconds: int
    status: int | None = None
    error: str = ""
    excerpt: str = ""
    retry_after: timedelta | None = None

    @property
    def is_accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def deliver(delivery_id: UUID) -> bool:
    """Send a delivery if it is due and its endpoint has room; tell whether one was sent, accepted or not.

    When another sender was faster, the next due delivery of the same endpoint is sent in its place.
    """
    claim = _claim(delivery_id)
    if claim is None:
        return False
    failpoints.hit("webhook.before_send")
    outcome = _send(claim)
    failpoints.hit("webhook.after_send")
    _record(claim, outcome)
    log.info(
        "webhook sent",
        delivery=ids.public_id(WebhookDelivery.prefix, claim.delivery_id),
        event_id=claim.message_id,
        status=outcome.status,
        error=outcome.error,
        milliseconds=outcome.milliseconds,
    )
    return True


def enqueue_due(*, limit: int = 500) -> int:
    """Enqueue deliveries whose time has come, a few of each endpoint; tell how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": clock.now(), "each": MOST_IN_FLIGHT, "most": limit})
        keys = [row[0] for row in cursor.fetchall()]
    for key in keys:
        _enqueue(key)
    return len(keys)


def _enqueue(key: UUID) -> None:
    queue.enqueue("notifications.deliver_webhook", delivery_id=ids.public_id(WebhookDelivery.prefix, key))


def _claim(delivery_id: UUID) -> Claim | None:
    """Take the lease. The endpoint's row is locked first, which makes counting what is in flight exact."""
    now = clock.now()
    with transaction.atomic(durable=True):
        endpoint = (
            WebhookEndpoint.objects.select_for_update(no_key=True, of=("self",)).filter(deliveries=delivery_id).first()
        )
        if endpoint is None or not _has_room(endpoint, now):
            return None
        if not endpoint.enabled:
            endpoints.discard_pending(endpoint, at=now)
            return None
        due = _due(endpoint, now).select_for_update(skip_locked=True)
        delivery = due.filter(pk=delivery_id).first() or due.order_by("next_at").first()
        if delivery is None or _is_given_up(delivery, now):
            return None
        delivery.leased_until = now + LEASE
        delivery.tries += 1
        delivery.save(update_fields=["leased_until", "tries"])
    return Claim(
        delivery.pk,
        endpoint.pk,
        delivery.leased_until,
        endpoint.url,
        endpoint.secrets(now),
        ids.public_id(Event.prefix, delivery.event_id),
        bytes(delivery.body),
    )


def _due(endpoint: WebhookEndpoint, now: datetime) -> Any:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return endpoint.deliveries.filter(free, state=State.PENDING, next_at__lte=now)


def _is_given_up(delivery: WebhookDelivery, now: datetime) -> bool:
    """End a delivery whose senders died at every try: only those never recorded one."""
    if delivery.tries < schedule.MOST_TRIES:
        return False
    delivery.state, delivery.finished_at, delivery.last_error = State.FAILED, now, "The sender died at every try"
    delivery.save(update_fields=["state", "finished_at", "last_error"])
    return True


def _has_room(endpoint: WebhookEndpoint, now: datetime) -> bool:
    most = MOST_WHILE_FAILING if endpoint.failures else MOST_IN_FLIGHT
    return endpoint.deliveries.filter(state=State.PENDING, leased_until__gt=now).count() < most


def _send(claim: Claim) -> Outcome:
    now = clock.now()
    headers = signatures.headers(secrets=claim.secrets, message_id=claim.message_id, at=now, body=claim.body)
    started = time.perf_counter()
    try:
        answer = outbound.post(claim.url, body=claim.body, headers={"Content-Type": "application/json", **headers})
    except (outbound.OutboundRefused, outbound.OutboundFailed) as error:
        return Outcome(round((time.perf_counter() - started) * 1000), error=_readable(str(error), _ERROR))
    return Outcome(
        answer.milliseconds,
        answer.status,
        "" if 200 <= answer.status < 300 else f"The receiver answered {answer.status}",
        _readable(answer.body[:_EXCERPT_READ].decode("utf-8", "replace"), _EXCERPT),
        schedule.retry_after(answer.headers, now=now),
    )


def _readable(text: str, most: int) -> str:
    """Text from outside without secrets and NULs; cleaned before it is cut, so that no half of a secret is left."""
    cleaned: str = logs.clean(text.replace("\0", "\ufffd"))
    return cleaned[:most]


def _record(claim: Claim, outcome: Outcome) -> None:
    now = clock.now()
    with transaction.atomic(durable=True):
        endpoint = WebhookEndpoint.objects.select_for_update(no_key=True).get(pk=claim.endpoint_id)
        delivery = WebhookDelivery.objects.select_for_update().get(pk=claim.delivery_id)
        WebhookAttempt.objects.create(
            delivery=delivery,
            at=now,
            status=outcome.status,
            milliseconds=outcome.milliseconds,
            error=outcome.error,
            excerpt=outcome.excerpt,
        )
        # A sender whose lease went to another leaves the state to that one, unless it brings the good news.
        if outcome.is_accepted or delivery.leased_until == claim.leased_until:
            _move(delivery, outcome, now)
        _count(endpoint, outcome, now)
        following = _following(endpoint, now)
        if following is not None:
            _enqueue(following)


def _move(delivery: WebhookDelivery, outcome: Outcome, now: datetime) -> None:
    delivery.leased_until = None
    delivery.last_status, delivery.last_error = outcome.status, outcome.error
    if outcome.is_accepted:
        delivery.state, delivery.finished_at = State.DELIVERED, now
    elif delivery.state == State.PENDING:
        again = schedule.next_try(tries=delivery.tries, now=now, retry_after=outcome.retry_after)
        if again is None or outcome.status == 410:
            delivery.state, delivery.finished_at = State.FAILED, now
        else:
            delivery.next_at = again
    delivery.save(update_fields=["leased_until", "last_status", "last_error", "state", "finished_at", "next_at"])


def _count(endpoint: WebhookEndpoint, outcome: Outcome, now: datetime) -> None:
    if outcome.is_accepted:
        endpoint.failures, endpoint.last_success_at = 0, now
    else:
        endpoint.failures, endpoint.last_failure_at = endpoint.failures + 1, now
    endpoint.save(update_fields=["failures", "last_success_at", "last_failure_at"])
    if outcome.status == 410:
        endpoints.disable(endpoint, reason="the receiver answered 410 Gone")


def _following(endpoint: WebhookEndpoint, now: datetime) -> UUID | None:
    """The endpoint's next due delivery, which takes the place that became free."""
    found: UUID | None = _due(endpoint, now).order_by("next_at").values_list("pk", flat=True).first()
    return found
