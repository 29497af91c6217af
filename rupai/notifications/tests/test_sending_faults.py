"""What happens when a sender is killed, and when a receiver is slow."""

import signal
import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.notifications.models import WebhookAttempt, WebhookDelivery
from rupai.notifications.services import sending
from rupai.notifications.tests import processes
from rupai.notifications.tests.factories import endpoint_at, happen, opened, send
from rupai.notifications.tests.receiver import Receiver, Told, receiving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
State = WebhookDelivery.State


@pytest.mark.parametrize(("point", "arrived"), [("webhook.before_send", 1), ("webhook.after_send", 2)])
def test_a_killed_sender_loses_nothing_and_keeps_the_id(
    actor: Actor, receiver: Receiver, point: str, arrived: int
) -> None:
    endpoint = endpoint_at(receiver.url, actor=actor)
    delivery = opened(happen(actor), endpoint)
    program = f"""
from uuid import UUID
from rupai.notifications.services import sending
sending.deliver(UUID("{delivery.pk}"))
"""
    assert processes.run(program, crash_at=point) == -signal.SIGKILL
    assert not send(delivery), "the dead sender's lease still holds"
    assert sending.enqueue_due() == 0
    with clock.at(clock.now() + sending.LEASE + timedelta(seconds=1)):
        assert sending.enqueue_due() == 1
        assert send(delivery)
    assert delivery.state == State.DELIVERED
    assert len(receiver.got) == arrived
    assert {got.headers["webhook-id"] for got in receiver.got} == {delivery.event.public_id}
    assert {got.body for got in receiver.got} == {bytes(delivery.body)}
    assert WebhookAttempt.objects.count() == 1


def deliver_all(keys: list[UUID], *, senders: int) -> None:
    """Work a list off with as many senders, each with a connection of its own."""
    waiting, lock = list(keys), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                key = waiting.pop(0) if waiting else None
            if key is None:
                break
            sending.deliver(key)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_a_slow_receiver_does_not_hold_up_another(actor: Actor, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.always = Told(seconds=3)
        slow_one = endpoint_at(slow.url, actor=actor, patterns=["refund.failed"])
        fast_one = endpoint_at(receiver.url, actor=actor, patterns=["payment.captured"])
        late = [opened(happen(actor, "refund.failed"), slow_one).pk for _ in range(6)]
        early = [opened(happen(actor), fast_one).pk for _ in range(8)]
        deliver_all([*late, *early], senders=sending.MOST_IN_FLIGHT + 1)
        assert slow.most_at_once <= sending.MOST_IN_FLIGHT
        assert len(receiver.got) == 8
        assert max(got.end for got in receiver.got) < min(got.end for got in slow.got)
    assert WebhookDelivery.objects.filter(endpoint=fast_one, state=State.DELIVERED).count() == 8


def test_two_senders_of_one_delivery_send_it_once(actor: Actor, receiver: Receiver) -> None:
    receiver.always = Told(seconds=0.3)
    endpoint = endpoint_at(receiver.url, actor=actor)
    delivery = opened(happen(actor), endpoint)
    deliver_all([delivery.pk] * 4, senders=4)
    assert len(receiver.got) == 1
    assert WebhookDelivery.objects.get().tries == 1
