"""Staff see their own merchants' webhooks, never a secret, and act through the services."""

import pytest
from django.test import Client

from rupai.accounts.models import Merchant, User
from rupai.accounts.tests.factories import new_member, new_merchant, owner_of
from rupai.core.models import Event
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.services.endpoints import NewSecret, create_endpoint
from rupai.notifications.tests.factories import PUBLIC_URL, happen, opened

pytestmark = pytest.mark.django_db
ENDPOINTS = "/admin/notifications/webhookendpoint/"
DELIVERIES = "/admin/notifications/webhookdelivery/"


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant()


@pytest.fixture
def made(merchant: Merchant) -> NewSecret:
    return create_endpoint(actor=owner_of(merchant), url=PUBLIC_URL, events=["*"])


@pytest.fixture
def delivery(merchant: Merchant, made: NewSecret) -> WebhookDelivery:
    found = opened(happen(owner_of(merchant)), made.endpoint)
    WebhookDelivery.objects.update(state="failed", tries=21)
    return found


def staff(client: Client, merchant: Merchant, role: str) -> User:
    user = new_member(merchant, role, is_staff=True).user
    client.force_login(user, backend="rupai.accounts.backends.EmailBackend")
    return user


def act(client: Client, address: str, action: str, row: WebhookEndpoint | WebhookDelivery) -> str:
    chosen = {"action": action, "_selected_action": [str(row.pk)]}
    return client.post(address, chosen, follow=True).content.decode()


def test_lists_and_rows_show_no_secret(
    client: Client, merchant: Merchant, made: NewSecret, delivery: WebhookDelivery
) -> None:
    staff(client, merchant, "owner")
    for address in (
        ENDPOINTS,
        f"{ENDPOINTS}{made.endpoint.pk}/change/",
        DELIVERIES,
        f"{DELIVERIES}{delivery.pk}/change/",
        "/admin/notifications/webhookattempt/",
    ):
        page = client.get(address)
        assert page.status_code == 200, address
        assert made.secret.removeprefix("whsec_") not in page.content.decode()


def test_nobody_edits_or_deletes_rows(client: Client, merchant: Merchant, made: NewSecret) -> None:
    staff(client, merchant, "owner")
    row = f"{ENDPOINTS}{made.endpoint.pk}"
    assert client.post(f"{row}/change/", {"url": "https://evil.example"}).status_code == 403
    assert client.post(f"{row}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{ENDPOINTS}add/").status_code == 403
    assert WebhookEndpoint.objects.get().url == PUBLIC_URL


def test_another_merchants_rows_are_not_there(client: Client, made: NewSecret, delivery: WebhookDelivery) -> None:
    staff(client, new_merchant(), "owner")
    assert PUBLIC_URL not in client.get(ENDPOINTS).content.decode()
    assert client.get(f"{ENDPOINTS}{made.endpoint.pk}/change/").status_code == 404
    act(client, DELIVERIES, "send_again", delivery)
    delivery.refresh_from_db()
    assert delivery.state == "failed"


def test_a_delivery_is_sent_again(client: Client, merchant: Merchant, delivery: WebhookDelivery) -> None:
    staff(client, merchant, "developer")
    assert "They are being sent." in act(client, DELIVERIES, "send_again", delivery)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("pending", 0)


def test_an_endpoint_is_switched_and_tried(client: Client, merchant: Merchant, made: NewSecret) -> None:
    user = staff(client, merchant, "developer")
    act(client, ENDPOINTS, "switch_off", made.endpoint)
    made.endpoint.refresh_from_db()
    assert not made.endpoint.enabled
    act(client, ENDPOINTS, "switch_on", made.endpoint)
    act(client, ENDPOINTS, "try_out", made.endpoint)
    event = Event.objects.latest("inserted")
    assert (event.type, event.actor) == ("webhook_endpoint.tested", user.public_id)


def test_who_may_not_see_webhooks_does_not(client: Client, merchant: Merchant, delivery: WebhookDelivery) -> None:
    staff(client, merchant, "viewer")
    assert client.get(ENDPOINTS).status_code == 403
    assert client.post(DELIVERIES, {"action": "send_again", "_selected_action": [str(delivery.pk)]}).status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == "failed"
