"""Merchants' webhook endpoints: made, changed, rotated, removed, tried."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from rupai.core import clock, events, outbound, queue
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, InvalidInput
from rupai.core.models import Event
from rupai.notifications import selectors
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import signatures

MOST_ENDPOINTS, MOST_PATTERNS = 20, 50
DEFAULT_OVERLAP, LONGEST_OVERLAP = timedelta(hours=24), timedelta(days=7)
TESTED = "webhook_endpoint.tested"
_PATTERN = re.compile(r"\*|[a-z_]+\.(?:\*|[a-z_]+)")

_VISIBLE = re.compile(r"[\x21-\x7e]{1,2048}")


class TooManyEndpoints(DomainError):
    code, status = "too_many_endpoints", 422
    hint = f"A merchant has at most {MOST_ENDPOINTS} endpoints per mode; delete one first."


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An endpoint with a secret that exists in plain only in this answer."""

    endpoint: WebhookEndpoint
    secret: str


def create_endpoint(*, actor: Actor, url: str, events: list[str], description: str = "") -> NewSecret:
    """Create an endpoint for the actor's merchant and mode; it gets what happens from now on.

    :raises InvalidInput: when the URL may not be called or a pattern is not of the form.
    :raises TooManyEndpoints: when the merchant has the greatest number.
    """
    actor.require("webhooks:write")
    _check(url=url, patterns=events)
    secret = signatures.new_secret()
    with transaction.atomic():
        if selectors.endpoints(actor).count() >= MOST_ENDPOINTS:
            raise TooManyEndpoints("There are too many endpoints")
        endpoint = WebhookEndpoint.objects.create(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            created_at=clock.now(),
            url=url,
            events=sorted(set(events)),
            description=description,
            secret=secret.encode(),
        )
        _emit("created", endpoint, actor)
    return NewSecret(endpoint, secret)


def update_endpoint(
    *,
    actor: Actor,
    endpoint_id: str,
    url: str | None = None,
    events: list[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given; switching off discards what is still to be delivered, switching on forgets old failures.

    :raises InvalidInput: when the URL may not be called or a pattern is not of the form.
    """
    actor.require("webhooks:write")
    _check(url=url, patterns=events)
    wanted = {
        "url": url,
        "events": None if events is None else sorted(set(events)),
        "description": description,
        "enabled": enabled,
    }
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        changes = {
            name: [getattr(endpoint, name), value]
            for name, value in wanted.items()
            if value is not None and value != getattr(endpoint, name)
        }
        for name, (_, value) in changes.items():
            setattr(endpoint, name, value)
        if changes.get("enabled"):
            endpoint.disabled_reason = "" if enabled else "switched off"
            endpoint.failures = 0 if enabled else endpoint.failures
        if changes:
            endpoint.save()
            _emit("updated", endpoint, actor, changes)
        if not endpoint.enabled:
            discard_pending(endpoint, at=clock.now())
    return endpoint


def rotate_secret(*, actor: Actor, endpoint_id: str, overlap: timedelta = DEFAULT_OVERLAP) -> NewSecret:
    """Give the endpoint a new secret; messages carry the old one's signature too until the overlap ends.

    :raises InvalidInput: when the overlap is negative or longer than 7 days.
    """
    actor.require("webhooks:write")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("The overlap must be between 0 and 7 days")
    secret = signatures.new_secret()
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        endpoint.previous_secret, endpoint.secret = endpoint.secret, secret.encode()
        endpoint.previous_secret_expires_at = clock.now() + overlap
        endpoint.save()
        _emit("secret_rotated", endpoint, actor)
    return NewSecret(endpoint, secret)


def delete_endpoint(*, actor: Actor, endpoint_id: str) -> None:
    """Remove an endpoint; what is still to be delivered is discarded, its history stays."""
    actor.require("webhooks:write")
    with transaction.atomic():
        endpoint = _locked(actor, endpoint_id)
        endpoint.deleted_at, endpoint.enabled, endpoint.disabled_reason = clock.now(), False, "deleted"
        endpoint.save()
        discard_pending(endpoint, at=endpoint.deleted_at)
        _emit("deleted", endpoint, actor)


def send_test(*, actor: Actor, endpoint_id: str) -> Event:
    """Send an event ``webhook_endpoint.tested`` to this endpoint alone, whatever it subscribed to."""
    actor.require("webhooks:write")
    with transaction.atomic():
        event = _emit("tested", _locked(actor, endpoint_id), actor)
        queue.enqueue("compliance.sequence_events")
    return event


def disable(endpoint: WebhookEndpoint, *, reason: str) -> None:
    """Switch a locked endpoint off because of what its receiver answered; needs an open transaction."""
    if not endpoint.enabled:
        return
    endpoint.enabled, endpoint.disabled_reason = False, reason
    endpoint.save(update_fields=["enabled", "disabled_reason"])
    discard_pending(endpoint, at=clock.now())
    actor = Actor.platform("webhooks", merchant_id=endpoint.merchant_id, livemode=endpoint.livemode)
    _emit("disabled", endpoint, actor, {"enabled": [True, False]})


def discard_pending(endpoint: WebhookEndpoint, *, at: datetime) -> None:
    """Give up what is still to be delivered to an endpoint that is switched off."""
    endpoint.deliveries.filter(state=WebhookDelivery.State.PENDING).update(
        state=WebhookDelivery.State.DISCARDED, finished_at=at, leased_until=None
    )


def public(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """The endpoint's fields that may be shown; never a secret."""
    return {
        "id": endpoint.public_id,
        "url": endpoint.url,
        "events": endpoint.events,
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "livemode": endpoint.livemode,
    }


def _emit(verb: str, endpoint: WebhookEndpoint, actor: Actor, changes: dict[str, list[Any]] | None = None) -> Event:
    return events.emit(
        f"webhook_endpoint.{verb}", subject=endpoint, actor=actor, data=public(endpoint), changes=changes
    )


def _locked(actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    found: WebhookEndpoint = selectors.endpoints(actor).select_for_update(no_key=True).named(endpoint_id)
    return found


def _check(*, url: str | None, patterns: list[str] | None) -> None:
    if url is not None:
        _check_url(url)
    if patterns is not None:
        _check_patterns(patterns)


def _check_url(url: str) -> None:
    if not _VISIBLE.fullmatch(url):
        message = "A URL has visible ASCII characters only; write others as %.. or, in the host, as xn--..."
        raise InvalidInput(message, errors=[_error("/url", message)])
    try:
        outbound.check_url(url)
    except outbound.OutboundRefused as refusal:
        raise InvalidInput(str(refusal), errors=[_error("/url", str(refusal))]) from None


def _check_patterns(patterns: list[str]) -> None:
    if not 1 <= len(patterns) <= MOST_PATTERNS:
        message = f"Name 1 to {MOST_PATTERNS} kinds of events."
        raise InvalidInput(message, errors=[_error("/events", message)])
    for index, pattern in enumerate(patterns):
        if len(pattern) > 64 or not _PATTERN.fullmatch(pattern):
            message = "Use an event such as payment.captured, all of one noun such as payment.*, or *."
            raise InvalidInput(message, errors=[_error(f"/events/{index}", message)])


def _error(pointer: str, message: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "invalid", "message": message}
