"""Webhook endpoints and deliveries over REST."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from rupai.accounts.models import Merchant
from rupai.accounts.scopes import KEY_SCOPES
from rupai.accounts.tests.factories import new_key, new_merchant, owner_of
from rupai.core import ids
from rupai.core.models import Event, IdempotencyRecord
from rupai.notifications.models import WebhookDelivery, WebhookEndpoint
from rupai.notifications.tests.factories import PUBLIC_URL, happen, opened

pytestmark = pytest.mark.django_db
ENDPOINTS = "/api/v1/webhook-endpoints"
NEW = {"url": PUBLIC_URL, "events": ["payment.*", "refund.failed"]}
FIELDS = {"id", "url", "events", "description", "enabled", "disabled_reason", "livemode", "created_at"}


def caller(merchant: Merchant, *, scopes: frozenset[str] = KEY_SCOPES, livemode: bool = False) -> APIClient:
    client = APIClient()
    secret = new_key(merchant, scopes=scopes, livemode=livemode).secret
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant()


@pytest.fixture
def api(merchant: Merchant) -> APIClient:
    return caller(merchant)


def made_by(api: APIClient, **body: Any) -> dict[str, Any]:
    answer = api.post(ENDPOINTS, {**NEW, **body})
    assert answer.status_code == 201
    found: dict[str, Any] = answer.json()
    return found


def delivery_of(merchant: Merchant, endpoint_id: str) -> WebhookDelivery:
    endpoint = WebhookEndpoint.objects.named(endpoint_id)
    return opened(happen(owner_of(merchant)), endpoint)


def test_the_secret_is_in_the_creating_answer_and_nowhere_else(api: APIClient) -> None:
    made = made_by(api, description="Books")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert set(made) == FIELDS
    assert (made["url"], made["events"], made["description"]) == (PUBLIC_URL, NEW["events"], "Books")
    assert (made["enabled"], made["livemode"]) == (True, False)
    assert api.get(f"{ENDPOINTS}/{made['id']}").json() == made
    page = api.get(ENDPOINTS).json()
    assert page == {"data": [made], "has_more": False}
    assert secret not in str(list(Event.objects.values_list("data", flat=True)))


def test_an_answer_with_a_secret_is_not_kept_by_caches(api: APIClient) -> None:
    answer = api.post(ENDPOINTS, NEW)
    assert answer.headers["Cache-Control"] == "no-store"
    rotated = api.post(f"{ENDPOINTS}/{answer.json()['id']}/rotate-secret", {})
    assert rotated.headers["Cache-Control"] == "no-store"


def test_a_repeated_key_creates_one_endpoint_and_gives_the_same_answer(api: APIClient) -> None:
    first = api.post(ENDPOINTS, NEW, HTTP_IDEMPOTENCY_KEY="webhook-0001")
    again = api.post(ENDPOINTS, NEW, HTTP_IDEMPOTENCY_KEY="webhook-0001")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert WebhookEndpoint.objects.count() == 1
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"events": ["*"]}, "/url"),
        ({**NEW, "url": "ftp://example.com"}, "/url"),
        ({**NEW, "url": "https://user:pw@example.com/"}, "/url"),
        ({**NEW, "url": 7}, "/url"),
        ({**NEW, "events": []}, "/events"),
        ({**NEW, "events": "*"}, "/events"),
        ({**NEW, "events": ["payment.captured", "Payment"]}, "/events/1"),
        ({**NEW, "secret": "whsec_mine"}, "/secret"),
        ({**NEW, "enabled": False}, "/enabled"),
        ({**NEW, "description": "x" * 201}, "/description"),
    ],
)
def test_bad_input_names_the_field_and_writes_nothing(api: APIClient, body: dict[str, Any], pointer: str) -> None:
    events = Event.objects.count()
    answer = api.post(ENDPOINTS, body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not WebhookEndpoint.objects.exists()
    assert Event.objects.count() == events


def test_an_endpoint_is_changed_field_by_field(api: APIClient) -> None:
    made = made_by(api)
    changed = api.patch(f"{ENDPOINTS}/{made['id']}", {"enabled": False, "events": ["*"]}).json()
    assert (changed["enabled"], changed["disabled_reason"], changed["events"]) == (False, "switched off", ["*"])
    assert changed["url"] == made["url"]
    assert api.patch(f"{ENDPOINTS}/{made['id']}", {"enabled": "no"}).status_code == 400
    assert api.patch(f"{ENDPOINTS}/{made['id']}", {"livemode": True}).status_code == 400


def test_a_rotation_shows_the_new_secret_once(api: APIClient) -> None:
    made = made_by(api)
    answer = api.post(f"{ENDPOINTS}/{made['id']}/rotate-secret", {"overlap_seconds": 3600})
    assert answer.status_code == 201
    assert answer.json()["secret"] != made["secret"]
    assert answer.json()["id"] == made["id"]
    assert api.post(f"{ENDPOINTS}/{made['id']}/rotate-secret", {"overlap_seconds": 604_801}).status_code == 400


def test_a_deleted_endpoint_is_not_found(api: APIClient) -> None:
    made = made_by(api)
    assert api.delete(f"{ENDPOINTS}/{made['id']}").status_code == 204
    assert api.get(f"{ENDPOINTS}/{made['id']}").status_code == 404
    assert api.delete(f"{ENDPOINTS}/{made['id']}").status_code == 404
    assert api.get(ENDPOINTS).json()["data"] == []


def test_deliveries_are_listed_newest_first_and_filtered(api: APIClient, merchant: Merchant) -> None:
    made = made_by(api)
    first, second = delivery_of(merchant, made["id"]), delivery_of(merchant, made["id"])
    WebhookDelivery.objects.filter(pk=first.pk).update(
        state="failed", tries=21, last_status=500, last_error="The receiver answered 500"
    )
    address = f"{ENDPOINTS}/{made['id']}/deliveries"
    page = api.get(address, {"limit": 1}).json()
    assert [row["id"] for row in page["data"]] == [second.public_id]
    rest = api.get(address, {"limit": 1, "cursor": page["next_cursor"]}).json()
    assert rest["has_more"] is False
    row = rest["data"][0]
    assert row.pop("created_at")
    assert row == {
        "id": first.public_id,
        "event_id": first.event.public_id,
        "event_type": "payment.captured",
        "state": "failed",
        "tries": 21,
        "next_at": None,
        "last_status": 500,
        "last_error": "The receiver answered 500",
        "finished_at": None,
    }
    assert [row["id"] for row in api.get(address, {"state": "pending"}).json()["data"]] == [second.public_id]
    assert api.get(address, {"state": "lost"}).status_code == 400
    assert api.get(address, {"colour": "red"}).status_code == 400


def test_a_delivery_is_replayed(api: APIClient, merchant: Merchant) -> None:
    made = made_by(api)
    delivery = delivery_of(merchant, made["id"])
    WebhookDelivery.objects.update(state="failed", tries=21)
    answer = api.post(f"/api/v1/webhook-deliveries/{delivery.public_id}/replay")
    assert answer.status_code == 202
    body = answer.json()
    assert (body["id"], body["state"], body["tries"]) == (delivery.public_id, "pending", 0)
    assert body["next_at"]
    api.patch(f"{ENDPOINTS}/{made['id']}", {"enabled": False})
    refused = api.post(f"/api/v1/webhook-deliveries/{delivery.public_id}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


def test_nobody_sees_another_merchants_or_modes_endpoints(api: APIClient, merchant: Merchant) -> None:
    made = made_by(api)
    delivery = delivery_of(merchant, made["id"])
    calls = [
        ("get", f"{ENDPOINTS}/{made['id']}"),
        ("patch", f"{ENDPOINTS}/{made['id']}"),
        ("delete", f"{ENDPOINTS}/{made['id']}"),
        ("post", f"{ENDPOINTS}/{made['id']}/rotate-secret"),
        ("get", f"{ENDPOINTS}/{made['id']}/deliveries"),
        ("post", f"/api/v1/webhook-deliveries/{delivery.public_id}/replay"),
        ("get", f"{ENDPOINTS}/{ids.public_id('we', ids.new_key())}"),
        ("get", f"{ENDPOINTS}/we_1"),
    ]
    for stranger in (caller(new_merchant()), caller(merchant, livemode=True)):
        assert stranger.get(ENDPOINTS).json()["data"] == []
        for method, address in calls:
            assert getattr(stranger, method)(address).status_code == 404, (method, address)
    reader = caller(merchant, scopes=frozenset({"webhooks:read"}))
    assert [getattr(reader, method)(address).status_code for method, address in calls[:6]] == [
        200,
        403,
        403,
        403,
        200,
        403,
    ]
    nobody = APIClient()
    assert {getattr(nobody, method)(address).status_code for method, address in calls} == {401}
    assert WebhookEndpoint.objects.get().enabled
