"""A message is sent until it is accepted: signed, under one id, and never to where it must not go."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from rupai.core import clock, outbound
from rupai.core.actor import Actor
from rupai.core.models import Event
from rupai.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import schedule, sending
from rupai.notifications.services.deliveries import replay_delivery
from rupai.notifications.services.endpoints import create_endpoint, rotate_secret
from rupai.notifications.services.signatures import SignatureWrong, verify
from rupai.notifications.tests.factories import due_at, endpoint_at, happen, number_all, opened, send
from rupai.notifications.tests.receiver import Receiver, Told

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def endpoint(actor: Actor, receiver: Receiver) -> WebhookEndpoint:
    with clock.at(NOW):
        return endpoint_at(receiver.url, actor=actor)


@pytest.fixture
def delivery(actor: Actor, endpoint: WebhookEndpoint) -> WebhookDelivery:
    with clock.at(NOW):
        return opened(happen(actor), endpoint)


def test_an_accepted_message_is_delivered_once(delivery: WebhookDelivery, receiver: Receiver) -> None:
    with clock.at(NOW):
        assert send(delivery)
        assert (delivery.state, delivery.tries, delivery.last_status) == (State.DELIVERED, 1, 200)
        assert delivery.finished_at == NOW
        assert not send(delivery)
    assert len(receiver.got) == 1
    assert receiver.got[0].body == bytes(delivery.body)
    assert receiver.got[0].headers["content-type"] == "application/json"
    assert receiver.got[0].headers["webhook-id"] == delivery.event.public_id


def test_refused_messages_come_again_under_the_same_id(delivery: WebhookDelivery, receiver: Receiver) -> None:
    receiver.answers = [Told(500, body=b"down"), Told(302, {"Location": receiver.url}), Told(404)]
    moment, seen = NOW, []
    for _ in range(4):
        with clock.at(moment):
            assert send(delivery)
            seen.append((delivery.state, delivery.last_status))
            assert not send(delivery)
        moment = due_at(delivery)
    assert seen == [(State.PENDING, 500), (State.PENDING, 302), (State.PENDING, 404), (State.DELIVERED, 200)]
    assert {got.headers["webhook-id"] for got in receiver.got} == {delivery.event.public_id}
    assert {got.body for got in receiver.got} == {bytes(delivery.body)}
    # A redirect is an answer like another: nothing followed it.
    assert len(receiver.got) == 4
    timestamps = [int(got.headers["webhook-timestamp"]) for got in receiver.got]
    assert timestamps == sorted(set(timestamps))
    tries = list(WebhookAttempt.objects.order_by("id").values_list("status", "excerpt"))
    assert tries == [(500, "down"), (302, "ok"), (404, "ok"), (200, "ok")]


def test_the_first_pause_is_a_minute(delivery: WebhookDelivery, receiver: Receiver) -> None:
    receiver.always = Told(503)
    with clock.at(NOW):
        send(delivery)
    assert NOW + timedelta(minutes=1) <= due_at(delivery) <= NOW + timedelta(minutes=1.1)


def test_retry_after_is_honoured(delivery: WebhookDelivery, receiver: Receiver) -> None:
    receiver.always = Told(429, {"Retry-After": "1800"})
    with clock.at(NOW):
        send(delivery)
    assert due_at(delivery) == NOW + timedelta(minutes=30)


@pytest.mark.slow
def test_after_three_days_it_is_given_up(delivery: WebhookDelivery, receiver: Receiver) -> None:
    receiver.always = Told(500)
    moment = NOW
    while delivery.state == State.PENDING:
        with clock.at(moment):
            assert send(delivery)
        moment = max(moment, due_at(delivery))
    assert (delivery.state, delivery.tries) == (State.FAILED, schedule.MOST_TRIES)
    assert timedelta(days=3) <= moment - NOW <= timedelta(days=3.4)
    assert len(receiver.got) == WebhookAttempt.objects.count() == schedule.MOST_TRIES


def test_a_receiver_that_is_gone_is_switched_off(
    actor: Actor, endpoint: WebhookEndpoint, delivery: WebhookDelivery, receiver: Receiver
) -> None:
    with clock.at(NOW):
        waiting = opened(happen(actor), endpoint)
        receiver.always = Told(410)
        assert send(delivery)
        endpoint.refresh_from_db()
        waiting.refresh_from_db()
        assert (delivery.state, waiting.state) == (State.FAILED, State.DISCARDED)
        assert (endpoint.enabled, endpoint.disabled_reason) == (False, "the receiver answered 410 Gone")
        assert Event.objects.latest("inserted").type == "webhook_endpoint.disabled"
        assert not send(waiting)
    assert len(receiver.got) == 1


def test_a_receiver_that_does_not_answer_in_time_is_tried_again(
    delivery: WebhookDelivery, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.2)
    receiver.answers = [Told(seconds=0.6)]
    with clock.at(NOW):
        assert send(delivery)
    assert (delivery.state, delivery.last_status) == (State.PENDING, None)
    assert "ReadTimeout" in delivery.last_error
    assert 150 <= WebhookAttempt.objects.get().milliseconds < 5000
    with clock.at(due_at(delivery)):
        assert send(delivery)
    assert delivery.state == State.DELIVERED
    assert receiver.got[0].headers["webhook-id"] == receiver.got[1].headers["webhook-id"]


def test_nobody_listening_is_tried_again(delivery: WebhookDelivery, receiver: Receiver) -> None:
    receiver.close()
    with clock.at(NOW):
        assert send(delivery)
    assert (delivery.state, delivery.last_status) == (State.PENDING, None)
    assert delivery.last_error.startswith("NewConnectionError")


def test_failures_are_counted_until_the_next_success(
    delivery: WebhookDelivery, endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    receiver.answers = [Told(500), Told(500)]
    moment, counted = NOW, []
    for _ in range(3):
        with clock.at(moment):
            send(delivery)
        endpoint.refresh_from_db()
        counted.append(endpoint.failures)
        moment = due_at(delivery)
    assert counted == [1, 2, 0]
    assert (endpoint.last_failure_at or NOW) < (endpoint.last_success_at or NOW)


def test_during_a_rotation_either_secret_verifies(actor: Actor, receiver: Receiver) -> None:
    with clock.at(NOW):
        first = create_endpoint(actor=actor, url=receiver.url, events=["*"])
        number_all()
        rotated = rotate_secret(actor=actor, endpoint_id=first.endpoint.public_id, overlap=timedelta(hours=1))
        delivery = opened(happen(actor), first.endpoint)
        send(delivery)
    got = receiver.got[0]
    for secret in (first.secret, rotated.secret):
        verify(secrets=[secret], headers=got.headers, body=got.body, now=NOW)
    later = NOW + timedelta(hours=2)
    with clock.at(later):
        replay_delivery(actor=actor, delivery_id=delivery.public_id)
        send(delivery)
    got = receiver.got[1]
    verify(secrets=[rotated.secret], headers=got.headers, body=got.body, now=later)
    with pytest.raises(SignatureWrong):
        verify(secrets=[first.secret], headers=got.headers, body=got.body, now=later)
    assert got.headers["webhook-id"] == receiver.got[0].headers["webhook-id"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "2130706433"])
def test_a_private_address_is_not_called(actor: Actor, receiver: Receiver, settings: Settings, host: str) -> None:
    for scheme in ("http", "https"):
        with clock.at(NOW):
            endpoint = endpoint_at(f"{scheme}://{host}:{receiver.port}/hooks", actor=actor)
            delivery = opened(happen(actor), endpoint)
            settings.OUTBOUND_ALLOW_PRIVATE = False
            assert send(delivery)
        settings.OUTBOUND_ALLOW_PRIVATE = True
        refused = "not public" if scheme == "https" else "https://"
        assert refused in delivery.last_error
        assert delivery.last_status is None
    assert receiver.got == []


def test_an_answer_is_kept_short_and_without_secrets(delivery: WebhookDelivery, receiver: Receiver) -> None:
    key = "rk_test_" + "x" * 60
    receiver.always = Told(500, body=b"a\0b " + key.encode() + b" \xff " + b"y" * 5000)
    with clock.at(NOW):
        send(delivery)
    excerpt = WebhookAttempt.objects.get().excerpt
    assert excerpt.startswith("a\ufffdb [removed] \ufffd yyy")
    assert len(excerpt) == 500


def test_the_sweep_finds_a_few_due_deliveries_of_each_endpoint(
    actor: Actor, endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    with clock.at(NOW):
        other = endpoint_at(receiver.url, actor=actor, patterns=["refund.failed"])
        for _ in range(5):
            happen(actor)
        opened(happen(actor, "refund.failed"), other)
        assert sending.enqueue_due() == sending.MOST_IN_FLIGHT + 1
        assert sending.enqueue_due(limit=2) == 2
    with clock.at(NOW - timedelta(seconds=1)):
        assert sending.enqueue_due() == 0


def test_one_endpoint_has_few_messages_in_flight(actor: Actor, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    with clock.at(NOW):
        found = [opened(happen(actor), endpoint) for _ in range(5)]
        in_flight = [delivery.pk for delivery in found[: sending.MOST_IN_FLIGHT]]
        WebhookDelivery.objects.filter(pk__in=in_flight).update(leased_until=NOW + sending.LEASE)
        assert not send(found[4])
        WebhookDelivery.objects.filter(pk=in_flight[0]).update(leased_until=None, state=State.DELIVERED)
        assert send(found[4])
    assert len(receiver.got) == 1


def test_a_failing_endpoint_gets_one_at_a_time(actor: Actor, endpoint: WebhookEndpoint, receiver: Receiver) -> None:
    with clock.at(NOW):
        first, second = opened(happen(actor), endpoint), opened(happen(actor), endpoint)
        WebhookEndpoint.objects.update(failures=1)
        WebhookDelivery.objects.filter(pk=first.pk).update(leased_until=NOW + sending.LEASE)
        assert not send(second)
    assert receiver.got == []


def test_a_nudge_for_a_delivery_that_is_taken_sends_the_next_one(
    actor: Actor, endpoint: WebhookEndpoint, receiver: Receiver
) -> None:
    with clock.at(NOW):
        first, second = opened(happen(actor), endpoint), opened(happen(actor), endpoint)
        WebhookDelivery.objects.filter(pk=first.pk).update(leased_until=NOW + sending.LEASE)
        assert send(first)
        second.refresh_from_db()
    assert (first.state, second.state) == (State.PENDING, State.DELIVERED)


def test_a_sender_that_dies_at_every_try_does_not_try_for_ever(delivery: WebhookDelivery, receiver: Receiver) -> None:
    WebhookDelivery.objects.update(tries=schedule.MOST_TRIES)
    with clock.at(NOW):
        assert not send(delivery)
    assert (delivery.state, delivery.last_error) == (State.FAILED, "The sender died at every try")
    assert receiver.got == []
