"""The log is read once, and each endpoint gets what it asked for."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from rupai.core import clock, ids
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, ScopeMissing, WrongState
from rupai.core.models import Event, ReaderCursor
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services.deliveries import open_new, replay_delivery
from rupai.notifications.services.endpoints import send_test, update_endpoint
from rupai.notifications.tests.factories import (
    PUBLIC_URL,
    endpoint_at,
    happen,
    merchant_actor,
    number_all,
    opened,
)

pytestmark = pytest.mark.django_db
State = WebhookDelivery.State
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def wanted_by(endpoint: WebhookEndpoint) -> list[str]:
    found = WebhookDelivery.objects.filter(endpoint=endpoint).order_by("event__position")
    return list(found.values_list("event__type", flat=True))


def test_an_endpoint_gets_the_kinds_it_asked_for(actor: Actor) -> None:
    payments = endpoint_at(PUBLIC_URL, actor=actor, patterns=["payment.*"])
    failures = endpoint_at(PUBLIC_URL, actor=actor, patterns=["payment.failed", "refund.failed"])
    everything = endpoint_at(PUBLIC_URL, actor=actor, patterns=["*"])
    for kind in ("payment.captured", "payment.failed", "payments.captured", "refund.failed"):
        happen(actor, kind)
    assert open_new() == 4
    assert wanted_by(payments) == ["payment.captured", "payment.failed"]
    assert wanted_by(failures) == ["payment.failed", "refund.failed"]
    assert wanted_by(everything) == ["payment.captured", "payment.failed", "payments.captured", "refund.failed"]


def test_nobody_gets_another_merchants_or_modes_events(actor: Actor) -> None:
    endpoint_at(PUBLIC_URL, actor=actor, patterns=["*"])
    happen(merchant_actor())
    happen(merchant_actor(merchant_id=actor.merchant, livemode=True))
    assert open_new() == 2
    assert not WebhookDelivery.objects.exists()


def test_an_endpoint_that_is_off_gets_nothing(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=False)
    happen(actor)
    open_new()
    assert not WebhookDelivery.objects.exists()


def test_what_happened_before_an_endpoint_existed_is_not_sent_to_it(actor: Actor) -> None:
    with clock.at(NOW):
        happen(actor)
    with clock.at(NOW + timedelta(seconds=1)):
        endpoint = endpoint_at(PUBLIC_URL, actor=actor)
        happen(actor, "payment.failed")
    open_new()
    assert wanted_by(endpoint) == ["payment.failed"]


def test_each_event_is_opened_once(actor: Actor) -> None:
    endpoint_at(PUBLIC_URL, actor=actor)
    event = happen(actor)
    assert (open_new(), open_new()) == (1, 0)
    assert WebhookDelivery.objects.count() == 1
    assert ReaderCursor.objects.get(name="webhooks").position == event.position


def test_an_event_without_a_number_waits(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor, patterns=["*"])
    assert open_new() == 0
    number_all()
    assert open_new() == 1
    assert wanted_by(endpoint) == ["webhook_endpoint.created"]


def test_the_message_says_what_happened(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    happen(actor, "refund.failed")
    with clock.at(NOW + timedelta(days=400)):
        event = happen(actor, note="₹ 100")
    delivery = opened(event, endpoint)
    assert json.loads(bytes(delivery.body)) == {
        "id": event.public_id,
        "type": "payment.captured",
        "created_at": "2027-04-05T12:00:00Z",
        "merchant_id": ids.public_id("mer", actor.merchant),
        "livemode": False,
        "sequence": 2,
        "subject_id": event.subject_id,
        "data": {"amount": 10000, "note": "₹ 100"},
        "changes": {},
    }


def test_a_test_event_reaches_only_the_endpoint_that_is_tested(actor: Actor) -> None:
    tested = endpoint_at(PUBLIC_URL, actor=actor, patterns=["refund.failed"])
    endpoint_at(PUBLIC_URL, actor=actor, patterns=["*"])
    number_all()
    open_new()
    WebhookDelivery.objects.all().delete()
    send_test(actor=actor, endpoint_id=tested.public_id)
    number_all()
    open_new()
    assert WebhookDelivery.objects.get().endpoint == tested


def test_a_replay_starts_the_schedule_again_under_the_same_id(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    event = happen(actor)
    delivery = opened(event, endpoint)
    body = bytes(delivery.body)
    WebhookDelivery.objects.update(state=State.FAILED, tries=21, finished_at=NOW)
    with clock.at(NOW + timedelta(days=400)):
        replayed = replay_delivery(actor=actor, delivery_id=delivery.public_id)
    delivery.refresh_from_db()
    assert (replayed.pk, delivery.state, delivery.tries, delivery.finished_at) == (delivery.pk, State.PENDING, 0, None)
    assert delivery.next_at == NOW + timedelta(days=400)
    assert (delivery.event, bytes(delivery.body)) == (event, body)
    assert Event.objects.latest("inserted").changes == {"state": ["failed", "pending"]}


def test_a_replay_needs_the_scope_the_merchant_and_an_endpoint_that_is_on(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    delivery = opened(happen(actor), endpoint)
    WebhookDelivery.objects.update(state=State.FAILED)
    with pytest.raises(ScopeMissing):
        replay_delivery(
            actor=merchant_actor(merchant_id=actor.merchant, scopes={"webhooks:read"}), delivery_id=delivery.public_id
        )
    with pytest.raises(NotFound):
        replay_delivery(actor=merchant_actor(), delivery_id=delivery.public_id)
    update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=False)
    with pytest.raises(WrongState):
        replay_delivery(actor=actor, delivery_id=delivery.public_id)
    delivery.refresh_from_db()
    assert delivery.state == State.FAILED
