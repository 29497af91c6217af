"""Which endpoints and deliveries an actor sees."""

from typing import Any

from rupai.core.actor import Actor
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint


def endpoints(actor: Actor) -> Any:
    """The actor's endpoints, without deleted ones."""
    return WebhookEndpoint.objects.visible_to(actor).filter(deleted_at__isnull=True)


def deliveries(actor: Actor, endpoint: WebhookEndpoint) -> Any:
    """An endpoint's deliveries with their events; the frozen bodies stay in the database."""
    found = WebhookDelivery.objects.visible_to(actor).filter(endpoint=endpoint)
    return found.select_related("event").defer("body", "event__data", "event__changes")
