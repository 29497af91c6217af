"""The tasks: from the log to the receiver without a broker's memory."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from rupai.core.actor import Actor
from rupai.notifications.models import WebhookDelivery
from rupai.notifications.services import sending
from rupai.notifications.tasks import deliver_webhook, sweep_webhooks
from rupai.notifications.tests.factories import endpoint_at, happen
from rupai.notifications.tests.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_the_sweep_opens_and_enqueues(
    actor: Actor, receiver: Receiver, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    endpoint_at(receiver.url, actor=actor)
    for _ in range(5):
        happen(actor)
    with django_capture_on_commit_callbacks() as sent:
        assert sweep_webhooks.apply().get() == 5 + sending.MOST_IN_FLIGHT
    # Opening wakes the first few, and the sweep finds the same ones due.
    assert len(sent) == 2 * sending.MOST_IN_FLIGHT
    assert WebhookDelivery.objects.filter(state="pending").count() == 5


def test_each_delivery_wakes_the_next_one_of_its_endpoint(
    actor: Actor, receiver: Receiver, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    endpoint_at(receiver.url, actor=actor)
    happen(actor)
    happen(actor)
    sweep_webhooks.apply()
    first, second = WebhookDelivery.objects.order_by("event__position")
    with django_capture_on_commit_callbacks() as sent:
        assert deliver_webhook.apply(kwargs={"delivery_id": first.public_id}).get() is True
    assert len(sent) == 1
    with django_capture_on_commit_callbacks() as sent:
        assert deliver_webhook.apply(kwargs={"delivery_id": second.public_id}).get() is True
        assert deliver_webhook.apply(kwargs={"delivery_id": second.public_id}).get() is False
    assert sent == []
    assert [got.headers["webhook-id"] for got in receiver.got] == [first.event.public_id, second.event.public_id]
