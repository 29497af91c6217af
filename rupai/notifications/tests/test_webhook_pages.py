"""Endpoints are made, rotated, switched and tried in the console; deliveries show their tries and are sent again."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rupai.accounts.models import Merchant
from rupai.accounts.tests.factories import new_member, new_merchant, owner_of
from rupai.core import clock
from rupai.core.models import Event
from rupai.notifications.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from rupai.notifications.services.endpoints import create_endpoint
from rupai.notifications.tests.factories import PUBLIC_URL, happen, opened
from rupai.pages.once import FIELD, new_key
from rupai.pages.tests.factories import signed_in

pytestmark = pytest.mark.django_db
NEW = "/admin/notifications/webhookendpoint/new/"


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant()


@pytest.fixture
def endpoint(merchant: Merchant) -> WebhookEndpoint:
    return create_endpoint(actor=owner_of(merchant), url=PUBLIC_URL, events=["*"]).endpoint


@pytest.fixture
def delivery(merchant: Merchant, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """A failed delivery with one try."""
    made = opened(happen(owner_of(merchant)), endpoint)
    WebhookDelivery.objects.update(state="failed", tries=21, last_status=500)
    WebhookAttempt.objects.create(delivery=made, at=clock.now(), status=500, milliseconds=31, excerpt="out of tea")
    return made


def staff(merchant: Merchant, role: str = "developer") -> Client:
    return signed_in(new_member(merchant, role, is_staff=True).user)


def url(name: str, row: Any) -> str:
    return reverse(f"admin:notifications_{name}", args=[row.pk])


def test_an_endpoint_is_made_once_and_its_secret_shown_once(merchant: Merchant) -> None:
    client = staff(merchant)
    wish = {"url": PUBLIC_URL, "events": ["payment.*", "refund.created"], FIELD: new_key()}
    first = client.post(NEW, wish).content.decode()
    second = client.post(NEW, wish, follow=True).content.decode()
    secret = re.search(r'class="secret">(whsec_[^<]+)<', first)
    assert secret is not None
    assert secret[1] not in second
    made = WebhookEndpoint.objects.get()
    assert (made.merchant_id, made.livemode, made.events) == (merchant.pk, False, ["payment.*", "refund.created"])
    assert Event.objects.filter(type="webhook_endpoint.created").count() == 1


def test_a_refused_address_is_shown_and_nothing_is_made(merchant: Merchant) -> None:
    wish = {"url": "https://shop example/hooks", "events": ["*"], FIELD: new_key()}
    answer = staff(merchant).post(NEW, wish)
    assert "note bad" in answer.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_an_endpoint_is_changed_rotated_and_tried(merchant: Merchant, endpoint: WebhookEndpoint) -> None:
    client = staff(merchant)
    client.post(url("endpoint_edit", endpoint), {"url": PUBLIC_URL, "description": "Shop", "events": ["payment.*"]})
    secret_before = bytes(WebhookEndpoint.objects.get().secret or b"")
    shown = client.post(url("endpoint_rotate", endpoint), {"overlap_hours": 2, FIELD: new_key()}).content.decode()
    assert "whsec_" in shown
    client.post(url("endpoint_try", endpoint))
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.events) == ("Shop", ["payment.*"])
    assert bytes(endpoint.previous_secret or b"") == secret_before
    assert "The old secret signs, too" in client.get(url("webhookendpoint_change", endpoint)).content.decode()
    types = list(Event.objects.order_by("inserted").values_list("type", flat=True))
    assert types == [f"webhook_endpoint.{verb}" for verb in ("created", "updated", "secret_rotated", "tested")]


def test_switching_off_twice_is_once_and_deleting_keeps_the_history(
    merchant: Merchant, delivery: WebhookDelivery
) -> None:
    client, endpoint = staff(merchant), delivery.endpoint
    page = url("endpoint_switch", endpoint)
    form = dict(client.get(page).context["hidden"])
    for _ in range(2):
        client.post(page, form)
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    client.post(url("endpoint_remove", endpoint))
    for name in ("edit", "rotate", "switch", "try", "remove"):
        assert client.get(url(f"endpoint_{name}", endpoint)).status_code == 404, name
    assert client.get(url("webhookendpoint_change", endpoint)).status_code == 200
    assert WebhookDelivery.objects.get() == delivery


def test_a_delivery_shows_its_tries_and_is_sent_again(merchant: Merchant, delivery: WebhookDelivery) -> None:
    client = staff(merchant)
    text = client.get(url("webhookdelivery_change", delivery)).content.decode()
    assert "out of tea" in text
    assert delivery.event.public_id in text
    for _ in range(2):
        client.post(url("delivery_replay", delivery))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 0)
    assert Event.objects.filter(type="webhook_delivery.replayed").count() == 1


def test_failed_deliveries_are_filtered_and_the_event_names_its_endpoint(
    merchant: Merchant, delivery: WebhookDelivery
) -> None:
    client, page = staff(merchant, "owner"), url("webhookendpoint_change", delivery.endpoint)
    assert client.get(page, {"state": "failed"}).context["deliveries"] == [delivery]
    assert client.get(page, {"state": "delivered"}).context["deliveries"] == []
    event = reverse("admin:core_event_change", args=[delivery.event_id])
    assert PUBLIC_URL in client.get(event).content.decode()


@pytest.mark.slow
def test_strangers_and_viewers_reach_nothing(merchant: Merchant, delivery: WebhookDelivery) -> None:
    endpoint = delivery.endpoint
    pages = [url(f"endpoint_{name}", endpoint) for name in ("edit", "rotate", "switch", "try", "remove")]
    pages += [url("delivery_replay", delivery), url("webhookendpoint_change", endpoint)]
    stranger, viewer = staff(new_merchant()), staff(merchant, "viewer")
    for page in pages:
        assert stranger.get(page).status_code == 404, page
        assert viewer.get(page).status_code == 403, page
    for page in pages[:-1]:
        assert stranger.post(page, {"wanted": "off"}).status_code == 404, page
        assert viewer.post(page, {"wanted": "off"}).status_code == 403, page
    assert WebhookEndpoint.objects.get().enabled
