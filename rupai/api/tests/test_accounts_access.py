"""Who may call which address of people, keys and customers: nobody, strangers and the too weak may not."""

import secrets
from typing import Any

import pytest
from rest_framework.test import APIClient

from rupai.accounts.models import ApiKey, Customer, Membership
from rupai.accounts.scopes import ALL
from rupai.accounts.services.customers import create_customer
from rupai.accounts.tests.factories import access_token, new_key, new_member, new_merchant, owner_of
from rupai.core.models import Event

pytestmark = pytest.mark.django_db

# Method, address, the scope it needs, body.
CALLS: list[tuple[str, str, str, Any]] = [
    ("get", "users", "users:read", None),
    ("post", "users", "users:write", {"email": "eve@example.com", "role": "owner"}),
    ("get", "users/{user}", "users:read", None),
    ("patch", "users/{user}", "users:write", {"is_active": False}),
    ("delete", "users/{user}", "users:write", None),
    ("get", "api-keys", "api_keys:read", None),
    ("post", "api-keys", "api_keys:write", {"name": "Eve", "scopes": ["payments:read"]}),
    ("get", "api-keys/{key}", "api_keys:read", None),
    ("delete", "api-keys/{key}", "api_keys:write", None),
    ("post", "api-keys/{key}/rotate", "api_keys:write", {}),
    ("get", "customers", "customers:read", None),
    ("post", "customers", "customers:write", {"name": "Eve"}),
    ("get", "customers/{customer}", "customers:read", None),
    ("patch", "customers/{customer}", "customers:write", {"name": "Eve"}),
]


class Place:
    """A merchant with an owner, a second member, a key and a customer."""

    def __init__(self) -> None:
        self.merchant = new_merchant()
        self.owner = new_member(merchant=self.merchant)
        self.member = new_member(merchant=self.merchant, role="viewer")
        self.key = new_key(self.merchant)
        self.customer = create_customer(actor=owner_of(self.merchant), name="Ann")
        self.names = {
            "user": self.member.user.public_id,
            "key": self.key.key.public_id,
            "customer": self.customer.public_id,
        }


@pytest.fixture
def place() -> Place:
    return Place()


def call(method: str, path: str, body: Any, token: str | None) -> Any:
    caller = APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return getattr(caller, method)(f"/api/v1/{path}", body, headers=headers)


def written() -> tuple[Any, ...]:
    return (
        list(Membership.objects.order_by("pk").values_list("pk", "role", "is_active")),
        list(ApiKey.objects.order_by("pk").values_list("pk", "revoked_at", "rotated_to")),
        list(Customer.objects.order_by("pk").values_list("pk", "personal")),
        Event.objects.count(),
    )


@pytest.mark.parametrize(("method", "path", "scope", "body"), CALLS)
def test_nobody_and_wrong_keys_get_401(method: str, path: str, scope: str, body: Any, place: Place) -> None:
    before = written()
    for token in (None, "rk_test_wrong", "x.y.z"):
        assert call(method, path.format(**place.names), body, token).status_code == 401
    assert written() == before


@pytest.mark.parametrize(("method", "path", "scope", "body"), CALLS)
def test_all_scopes_but_the_needed_one_are_not_enough(
    method: str, path: str, scope: str, body: Any, place: Place
) -> None:
    weak = place.member
    weak.role = weak.merchant.roles.create(name="weak", scopes=sorted(ALL - {scope}))
    weak.save()
    token = access_token(weak)
    before = written()
    answer = call(method, path.format(**place.names), body, token)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert answer.json()["scope"] == scope
    assert written() == before


@pytest.mark.parametrize(("method", "path", "scope", "body"), [row for row in CALLS if "{" in row[1]])
def test_rows_of_another_merchant_do_not_exist(method: str, path: str, scope: str, body: Any, place: Place) -> None:
    token = access_token(new_member())
    before = written()
    answer = call(method, path.format(**place.names), body, token)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert written() == before


@pytest.mark.parametrize(("method", "path", "scope", "body"), [row for row in CALLS if "{" in row[1]])
@pytest.mark.parametrize("wrong", ["nonsense", "usr_%00", "usr_" + "z" * 22, "../users", "usr_" + "0" * 22])
def test_ids_that_are_none_are_not_found(
    method: str, path: str, scope: str, body: Any, wrong: str, place: Place
) -> None:
    token = access_token(place.owner)
    answer = call(method, path.format(user=wrong, key=wrong, customer=wrong), body, token)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["api-keys", "customers"])
def test_a_test_token_sees_no_live_row_and_the_other_way_round(name: str, place: Place) -> None:
    new_key(place.merchant, livemode=True)
    create_customer(actor=owner_of(place.merchant, livemode=True), name="Live")
    for livemode in (False, True):
        token = access_token(place.owner, livemode=livemode)
        rows = call("get", name, None, token).json()["data"]
        assert len(rows) == 1
        assert rows[0]["livemode"] is livemode
        other = access_token(place.owner, livemode=not livemode)
        assert call("get", f"{name}/{rows[0]['id']}", None, token).status_code == 200
        assert call("get", f"{name}/{rows[0]['id']}", None, other).status_code == 404


def test_lists_hold_the_rows_of_the_own_merchant_only(place: Place) -> None:
    stranger = Place()
    for name, count in (("users", 2), ("api-keys", 1), ("customers", 1)):
        mine = call("get", name, None, access_token(place.owner)).json()["data"]
        theirs = call("get", name, None, access_token(stranger.owner)).json()["data"]
        assert len(mine) == len(theirs) == count
        assert not {row["id"] for row in mine} & {row["id"] for row in theirs}


def test_an_api_key_manages_no_people(place: Place) -> None:
    before = written()
    answer = call("post", "users", {"email": "eve@example.com", "role": "owner"}, place.key.secret)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert written() == before
