"""Users, API keys and customers over REST."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from rupai.accounts.models import ApiKey, Customer, Membership
from rupai.accounts.scopes import KEY_SCOPES
from rupai.accounts.services.authenticate import actor_of_key
from rupai.accounts.tests.factories import access_token, new_key, new_member, new_merchant
from rupai.core import clock
from rupai.core.models import Event, IdempotencyRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return new_member(name="Olive", email="olive@example.com")


@pytest.fixture
def api(owner: Membership) -> APIClient:
    caller = APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token(owner)}")
    return caller


def test_an_invited_user_is_listed_changed_and_removed(api: APIClient, owner: Membership) -> None:
    made = api.post("/api/v1/users", {"email": "Ann@Example.com", "name": "Ann", "role": "support"})
    assert made.status_code == 201
    body = made.json()
    assert body.pop("created_at")
    who = body.pop("id")
    assert body == {"email": "ann@example.com", "name": "Ann", "role": "support", "is_active": True}
    listed = api.get("/api/v1/users").json()["data"]
    assert [row["email"] for row in listed] == ["ann@example.com", "olive@example.com"]
    changed = api.patch(f"/api/v1/users/{who}", {"role": "finance", "is_active": False}).json()
    assert (changed["role"], changed["is_active"]) == ("finance", False)
    assert api.delete(f"/api/v1/users/{who}").status_code == 204
    assert api.get(f"/api/v1/users/{who}").status_code == 404
    assert api.delete(f"/api/v1/users/{owner.user.public_id}").json()["code"] == "last_owner"
    assert list(Event.objects.order_by("inserted").values_list("type", flat=True)) == [
        "member.added",
        "user.disabled",
        "member.removed",
    ]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/email"),
        ({"email": "ann", "role": "viewer"}, "/email"),
        ({"email": "ann@example.com"}, "/role"),
        ({"email": "ann@example.com", "role": "king"}, "/role"),
        ({"email": "ann@example.com", "role": "viewer", "is_superuser": True}, "/is_superuser"),
        ({"email": "ann@example.com", "role": ["owner"]}, "/role"),
    ],
)
def test_a_bad_invitation_names_the_field(body: dict[str, Any], pointer: str, api: APIClient) -> None:
    answer = api.post("/api/v1/users", body)
    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert Membership.objects.count() == 1


def test_a_change_of_nothing_is_no_change(api: APIClient, owner: Membership) -> None:
    assert api.patch(f"/api/v1/users/{owner.user.public_id}", {}).status_code == 200
    assert api.patch(f"/api/v1/users/{owner.user.public_id}", {"is_active": 1}).status_code == 400
    assert not Event.objects.exists()


def test_a_new_key_shows_its_secret_once(api: APIClient) -> None:
    until = clock.now() + timedelta(days=1)
    made = api.post("/api/v1/api-keys", {"name": "Shop", "scopes": ["payments:read"], "expires_at": until.isoformat()})
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    body = made.json()
    assert actor_of_key(body["secret"], address=None)
    assert (body["name"], body["scopes"], body["status"]) == ("Shop", ["payments:read"], "active")
    for shown in (api.get("/api/v1/api-keys"), api.get(f"/api/v1/api-keys/{body['id']}")):
        assert body["secret"].rsplit("_", 1)[1] not in shown.content.decode()
        assert "digest" not in shown.content.decode()


def test_repeating_an_idempotency_key_repeats_the_secret_and_stores_it_sealed(api: APIClient) -> None:
    wish = {"name": "Shop", "scopes": ["payments:read"]}
    first, second = (api.post("/api/v1/api-keys", wish, headers={"Idempotency-Key": "create-key-1"}) for _ in range(2))
    assert first.content == second.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Cache-Control"] == "no-store"
    assert ApiKey.objects.count() == 1
    record = IdempotencyRecord.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(body, 'escape') FROM core_idempotencyrecord")
        raw = cursor.fetchone()[0]
    assert first.json()["secret"].encode() in bytes(record.body or b"")
    assert first.json()["secret"] not in raw


@pytest.mark.parametrize(
    "body",
    [
        {"name": "Shop", "scopes": []},
        {"name": "Shop", "scopes": ["users:write"]},
        {"name": "Shop", "scopes": ["*"]},
        {"name": "", "scopes": ["payments:read"]},
        {"name": "Shop", "scopes": ["payments:read"], "livemode": True},
        {"name": "Shop", "scopes": ["payments:read"], "expires_at": "2001-01-01T00:00:00Z"},
        {"name": "Shop", "scopes": ["payments:read"], "expires_at": "9999-12-31T23:59:59-23:59"},
    ],
)
def test_a_bad_wish_makes_no_key(body: dict[str, Any], api: APIClient) -> None:
    assert api.post("/api/v1/api-keys", body).status_code == 400
    assert not ApiKey.objects.exists()


def test_a_key_cannot_make_a_wider_key() -> None:
    merchant = new_merchant()
    narrow = new_key(merchant, scopes=frozenset({"api_keys:write", "payments:read"}))
    caller = APIClient()
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {narrow.secret}")
    answer = caller.post("/api/v1/api-keys", {"name": "Wide", "scopes": sorted(KEY_SCOPES)})
    assert (answer.status_code, answer.json()["code"]) == (403, "scopes_too_wide")
    assert "refunds:write" in answer.json()["scopes"]
    assert ApiKey.objects.count() == 1


def test_a_key_is_rotated_and_revoked(api: APIClient, owner: Membership) -> None:
    old = new_key(owner.merchant)
    rotated = api.post(f"/api/v1/api-keys/{old.key.public_id}/rotate", {"overlap_seconds": 60})
    assert rotated.status_code == 201
    assert actor_of_key(old.secret, address=None)
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert actor_of_key(old.secret, address=None) is None
    again = api.post(f"/api/v1/api-keys/{old.key.public_id}/rotate", {"overlap_seconds": 60})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    new = rotated.json()
    assert api.delete(f"/api/v1/api-keys/{new['id']}").status_code == 204
    assert actor_of_key(new["secret"], address=None) is None
    assert api.get(f"/api/v1/api-keys/{new['id']}").json()["status"] == "revoked"


def test_a_customer_is_made_found_and_changed(api: APIClient) -> None:
    wish = {"name": "Ann", "email": "Ann@Example.com", "phone": "+91 98765 43210", "metadata": {"tier": "gold"}}
    made = api.post("/api/v1/customers", wish).json()
    assert made["id"] == made["customer_id"]
    assert {key: made[key] for key in wish} == wish
    assert made["livemode"] is False
    found = api.get("/api/v1/customers", {"email": "ann@example.com"}).json()
    assert [row["id"] for row in found["data"]] == [made["id"]]
    assert api.get("/api/v1/customers", {"email": "eve@example.com"}).json()["data"] == []
    changed = api.patch(f"/api/v1/customers/{made['id']}", {"phone": "", "metadata": {}}).json()
    assert (changed["name"], changed["phone"], changed["metadata"]) == ("Ann", "", {})
    assert api.get(f"/api/v1/customers/{made['id']}").json() == changed


@pytest.mark.parametrize(
    "body",
    [
        {"email": "nobody"},
        {"phone": "call me"},
        {"phone": 9876543210},
        {"name": "x" * 121},
        {"name": None},
        {"metadata": {str(number): "x" for number in range(21)}},
        {"metadata": {"a": 1}},
        {"metadata": {"a": "x" * 501}},
        {"metadata": "x"},
        {"name": "Card 4111 1111 1111 1111"},
        {"erased_at": "2026-01-01T00:00:00Z"},
        {"livemode": True},
    ],
)
def test_a_bad_customer_is_not_kept(body: dict[str, Any], api: APIClient) -> None:
    answer = api.post("/api/v1/customers", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert not Customer.objects.exists()


def test_customers_come_in_pages(api: APIClient) -> None:
    for number in range(5):
        api.post("/api/v1/customers", {"name": f"Name {number}"})
    seen, cursor = [], None
    for _ in range(3):
        page = api.get("/api/v1/customers", {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["name"] for row in page["data"]]
        cursor = page.get("next_cursor")
    assert seen == [f"Name {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor is None
    assert api.get("/api/v1/customers", {"name": "Ann"}).status_code == 400


def test_one_key_for_a_customer_makes_one_customer(api: APIClient) -> None:
    for _ in range(2):
        api.post("/api/v1/customers", {"name": "Ann"}, headers={"Idempotency-Key": "customer-ann"})
    assert Customer.objects.count() == 1
    other = api.post("/api/v1/customers", {"name": "Eve"}, headers={"Idempotency-Key": "customer-ann"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_the_number_of_queries_stays(api: APIClient, django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        api.post("/api/v1/customers", {"name": f"Name {number}"})
        new_key(Membership.objects.get().merchant)
    for name in ("users", "api-keys", "customers"):
        # One for the token, one for the page.
        with django_assert_max_num_queries(2):
            assert api.get(f"/api/v1/{name}").status_code == 200
