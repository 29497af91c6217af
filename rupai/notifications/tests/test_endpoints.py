"""Endpoints are made, changed, rotated and removed, each with an event and never with a secret in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput, NotFound, ScopeMissing
from rupai.core.models import Event
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services import endpoints
from rupai.notifications.services.endpoints import (
    TooManyEndpoints,
    create_endpoint,
    delete_endpoint,
    rotate_secret,
    update_endpoint,
)
from rupai.notifications.tests.factories import PUBLIC_URL, endpoint_at, happen, merchant_actor, opened

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def last_event() -> Event:
    found: Event = Event.objects.latest("inserted")
    return found


def test_a_new_endpoint_tells_its_secret_once(actor: Actor) -> None:
    made = create_endpoint(actor=actor, url=PUBLIC_URL, events=["payment.*", "refund.failed", "payment.*"])
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["payment.*", "refund.failed"]
    assert endpoint.enabled
    assert bytes(endpoint.secret or b"").decode() == made.secret
    event = last_event()
    assert (event.type, event.subject_id, event.merchant_id) == (
        "webhook_endpoint.created",
        endpoint.public_id,
        actor.merchant,
    )
    assert made.secret not in str(event.data)
    assert set(event.data) == {"id", "url", "events", "description", "enabled", "livemode"}


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "https://user:pw@example.com/", "https://", "example.com", "https://example.com/a b",
     "https://example.com/\r\nX-Evil: 1", "https://exämple.com/", "https://example.com:99999/", "https://[::1"],
)  # fmt: skip
def test_a_url_that_may_not_be_called_is_refused(actor: Actor, url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        create_endpoint(actor=actor, url=url, events=["*"])
    assert refusal.value.details["errors"][0]["pointer"] == "/url"
    assert not WebhookEndpoint.objects.exists()
    assert not Event.objects.exists()


def test_plain_http_is_refused_outside_development(actor: Actor, settings: Settings) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE = False
    with pytest.raises(InvalidInput, match="https"):
        create_endpoint(actor=actor, url="http://example.com/hooks", events=["*"])
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(
    "patterns", [[], ["payment"], ["*.captured"], ["payment.*.x"], ["Payment.captured"], ["", "*"]]
)
def test_a_pattern_that_names_no_event_is_refused(actor: Actor, patterns: list[str]) -> None:
    with pytest.raises(InvalidInput):
        create_endpoint(actor=actor, url=PUBLIC_URL, events=patterns)
    assert not WebhookEndpoint.objects.exists()


def test_the_number_of_endpoints_is_limited_per_mode(actor: Actor) -> None:
    for _ in range(endpoints.MOST_ENDPOINTS):
        endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    with pytest.raises(TooManyEndpoints):
        endpoint_at(PUBLIC_URL, actor=actor)
    endpoint_at(PUBLIC_URL, actor=merchant_actor(merchant_id=actor.merchant, livemode=True))
    delete_endpoint(actor=actor, endpoint_id=endpoint.public_id)
    endpoint_at(PUBLIC_URL, actor=actor)
    assert WebhookEndpoint.objects.filter(deleted_at=None).count() == endpoints.MOST_ENDPOINTS + 1


@pytest.mark.parametrize("act", [create_endpoint, update_endpoint, rotate_secret, delete_endpoint, endpoints.send_test])
def test_every_service_needs_the_scope(actor: Actor, act: Any) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    reader = merchant_actor(merchant_id=actor.merchant, scopes={"webhooks:read"})
    arguments = {"url": PUBLIC_URL, "events": ["*"]} if act is create_endpoint else {"endpoint_id": endpoint.public_id}
    with pytest.raises(ScopeMissing):
        act(actor=reader, **arguments)
    assert Event.objects.count() == 1


@pytest.mark.parametrize("act", [update_endpoint, rotate_secret, delete_endpoint, endpoints.send_test])
def test_another_merchants_endpoint_does_not_exist(actor: Actor, act: Any) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    other_mode = merchant_actor(merchant_id=actor.merchant, livemode=True)
    for stranger in (merchant_actor(), other_mode):
        with pytest.raises(NotFound):
            act(actor=stranger, endpoint_id=endpoint.public_id)
    assert Event.objects.count() == 1


def test_a_change_is_told_field_by_field(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor, patterns=["*"])
    changed = update_endpoint(
        actor=actor, endpoint_id=endpoint.public_id, url=PUBLIC_URL, events=["refund.*"], description="Books"
    )
    assert (changed.url, changed.events, changed.description) == (PUBLIC_URL, ["refund.*"], "Books")
    assert last_event().type == "webhook_endpoint.updated"
    assert last_event().changes == {"events": [["*"], ["refund.*"]], "description": ["", "Books"]}


def test_a_change_of_nothing_makes_no_event(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    update_endpoint(actor=actor, endpoint_id=endpoint.public_id, url=PUBLIC_URL, enabled=True)
    assert last_event().type == "webhook_endpoint.created"


def test_switching_off_discards_what_is_pending_and_switching_on_starts_afresh(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    delivery = opened(happen(actor), endpoint)
    WebhookEndpoint.objects.update(failures=7)
    off = update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=False)
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.DISCARDED
    assert (off.enabled, off.disabled_reason) == (False, "switched off")
    on = update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=True)
    assert (on.enabled, on.disabled_reason, on.failures) == (True, "", 0)
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.DISCARDED


def test_rotation_keeps_the_old_secret_until_the_overlap_ends(actor: Actor) -> None:
    with clock.at(NOW):
        first = create_endpoint(actor=actor, url=PUBLIC_URL, events=["*"])
        second = rotate_secret(actor=actor, endpoint_id=first.endpoint.public_id, overlap=timedelta(hours=1))
    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.secrets(NOW) == [second.secret, first.secret]
    assert endpoint.secrets(NOW + timedelta(minutes=59)) == [second.secret, first.secret]
    assert endpoint.secrets(NOW + timedelta(hours=1)) == [second.secret]
    assert last_event().type == "webhook_endpoint.secret_rotated"
    assert not {first.secret, second.secret} & {str(value) for value in last_event().data.values()}


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_an_overlap_out_of_range_is_refused(actor: Actor, overlap: timedelta) -> None:
    made = create_endpoint(actor=actor, url=PUBLIC_URL, events=["*"])
    with pytest.raises(InvalidInput):
        rotate_secret(actor=actor, endpoint_id=made.endpoint.public_id, overlap=overlap)
    assert WebhookEndpoint.objects.get().secrets(clock.now()) == [made.secret]


def test_a_deleted_endpoint_is_gone_for_its_merchant_but_its_history_stays(actor: Actor) -> None:
    endpoint = endpoint_at(PUBLIC_URL, actor=actor)
    delivery = opened(happen(actor), endpoint)
    delete_endpoint(actor=actor, endpoint_id=endpoint.public_id)
    with pytest.raises(NotFound):
        update_endpoint(actor=actor, endpoint_id=endpoint.public_id, enabled=True)
    delivery.refresh_from_db()
    assert delivery.state == WebhookDelivery.State.DISCARDED
    assert last_event().type == "webhook_endpoint.deleted"
    assert last_event().data["enabled"] is False
