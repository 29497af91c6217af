"""Sending of webhooks as tasks: one a delivery, and a sweep that needs no broker's memory."""

from celery import shared_task

from rupai.core import ids
from rupai.core.queue import Task
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services import deliveries, sending


@shared_task(name="notifications.deliver_webhook", base=Task)
def deliver_webhook(*, delivery_id: str) -> bool:
    """Send one delivery; a refusal by the receiver is recorded there and is no failure of the task."""
    return sending.deliver(ids.parse(WebhookDelivery.prefix, delivery_id))


@shared_task(name="notifications.sweep_webhooks", base=Task)
def sweep_webhooks() -> int:
    """Open deliveries for new events, and enqueue all whose time has come."""
    return deliveries.open_new() + sending.enqueue_due()
