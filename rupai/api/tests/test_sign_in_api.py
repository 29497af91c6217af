"""Signing in over REST: tokens of one merchant and mode, and the same refusal for whatever is wrong."""

import secrets
from typing import Any

import pytest
from rest_framework.test import APIClient

from rupai.accounts.models import Membership, Role, SignInFamily
from rupai.accounts.tests.factories import PASSWORD, code_of, enrol, new_key, new_member, new_merchant, new_user
from rupai.core import clock

pytestmark = pytest.mark.django_db
REALM = 'Bearer realm="rupai"'


@pytest.fixture
def caller() -> APIClient:
    """A client at an address of its own, so that tests do not share the counter of wrong keys."""
    return APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")


def sign_in(caller: APIClient, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return caller.post("/api/v1/auth/token", {"email": email, "password": password, **more})


def users(caller: APIClient, token: str) -> int:
    return caller.get("/api/v1/users", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_member_of_one_merchant_needs_only_name_and_password(caller: APIClient) -> None:
    member = new_member(role="finance")
    answer = sign_in(caller, member.user.email)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert {key: body[key] for key in body if key not in {"access", "refresh"}} == {
        "token_type": "Bearer",
        "expires_in": 900,
        "user_id": member.user.public_id,
        "merchant_id": member.merchant.public_id,
        "role": "finance",
        "livemode": False,
    }


def test_a_member_of_two_merchants_chooses(caller: APIClient) -> None:
    member = new_member()
    second = Membership.objects.create(
        user=member.user, merchant=new_merchant(), role=Role.objects.get(name="viewer"), created_at=clock.now()
    )
    answer = sign_in(caller, member.user.email)
    assert (answer.status_code, answer.json()["code"]) == (400, "merchant_required")
    assert answer.json()["merchants"] == [member.merchant.public_id, second.merchant.public_id]
    chosen = sign_in(caller, member.user.email, merchant=second.merchant.public_id, mode="live").json()
    assert (chosen["merchant_id"], chosen["role"], chosen["livemode"]) == (second.merchant.public_id, "viewer", True)
    foreign = sign_in(caller, member.user.email, merchant=new_merchant().public_id)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert SignInFamily.objects.count() == 1


def test_all_that_is_wrong_reads_the_same(caller: APIClient) -> None:
    enrolled = new_member()
    enrol(enrolled.user)
    member, off = new_member(), new_member()
    off.is_active = False
    off.save()
    alone = new_user()
    answers = [
        sign_in(caller, "nobody@example.com"),
        sign_in(caller, "no address at all"),
        sign_in(caller, member.user.email, "wrong"),
        sign_in(caller, enrolled.user.email),
        sign_in(caller, enrolled.user.email, otp="000000"),
        sign_in(caller, off.user.email),
        sign_in(caller, alone.email),
    ]
    bodies = []
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == REALM
        bodies.append({key: value for key, value in answer.json().items() if key != "request_id"})
    assert bodies == [bodies[0]] * len(bodies)
    assert bodies[0]["code"] == "invalid_credentials"
    assert not SignInFamily.objects.exists()


def test_the_code_is_needed_once_it_is_set_up(caller: APIClient) -> None:
    member = new_member()
    enrol(member.user)
    assert sign_in(caller, member.user.email, otp=code_of(member.user)).status_code == 200


def test_ten_wrong_passwords_lock_known_and_unknown_names_alike(caller: APIClient) -> None:
    member = new_member()
    seen = []
    for email in (member.user.email, "nobody@example.com"):
        statuses = [sign_in(caller, email, "wrong").status_code for _ in range(10)]
        locked = sign_in(caller, email)
        shown = {key: value for key, value in locked.json().items() if key != "request_id"}
        seen.append((statuses, locked.status_code, shown))
        assert 1790 <= int(locked.headers["Retry-After"]) <= 1800
    assert seen[0] == seen[1]
    assert seen[0][0] == [401] * 10
    assert (seen[0][1], seen[0][2]["code"]) == (429, "too_many_tries")


def test_the_door_is_strict(caller: APIClient) -> None:
    for body in [
        {},
        {"email": "a@example.com"},
        {"email": 1, "password": "x"},
        {"email": "a@example.com", "password": "x", "admin": True},
        {"email": "a@example.com", "password": "x", "mode": "both"},
        {"email": "a@example.com", "password": "x", "merchant": "mer_1"},
        {"email": "a@example.com", "password": "x" * 1025},
    ]:
        assert caller.post("/api/v1/auth/token", body).status_code == 400, body
    assert caller.get("/api/v1/auth/token").status_code == 405
    assert caller.post("/api/v1/auth/token?x=1", {"email": "a@example.com", "password": "x"}).status_code == 400


def test_tokens_are_refreshed_and_ended(caller: APIClient) -> None:
    first = sign_in(caller, new_member().user.email).json()
    assert users(caller, first["access"]) == 200
    second = caller.post("/api/v1/auth/refresh", {"refresh": first["refresh"]}).json()
    assert users(caller, second["access"]) == 200
    ended = caller.post("/api/v1/auth/logout", {"refresh": second["refresh"]})
    assert (ended.status_code, ended.content) == (204, b"")
    assert users(caller, first["access"]) == users(caller, second["access"]) == 401
    again = caller.post("/api/v1/auth/refresh", {"refresh": second["refresh"]})
    assert (again.status_code, again.json()["code"]) == (401, "invalid_token")
    assert again.headers["WWW-Authenticate"] == REALM


def test_a_stolen_refresh_token_ends_the_family(caller: APIClient) -> None:
    first = sign_in(caller, new_member().user.email).json()
    second = caller.post("/api/v1/auth/refresh", {"refresh": first["refresh"]}).json()
    assert caller.post("/api/v1/auth/refresh", {"refresh": first["refresh"]}).status_code == 401
    assert users(caller, second["access"]) == 401
    assert caller.post("/api/v1/auth/refresh", {"refresh": second["refresh"]}).status_code == 401


def test_a_missing_and_a_wrong_bearer_value_are_told_apart_by_the_header(caller: APIClient) -> None:
    missing = caller.get("/api/v1/users")
    other = caller.get("/api/v1/users", headers={"Authorization": "Basic YTpi"})
    wrong = caller.get("/api/v1/users", headers={"Authorization": "Bearer nonsense"})
    empty = caller.get("/api/v1/users", headers={"Authorization": "Bearer"})
    assert [answer.status_code for answer in (missing, other, wrong, empty)] == [401] * 4
    assert missing.headers["WWW-Authenticate"] == other.headers["WWW-Authenticate"] == REALM
    for answer in (wrong, empty):
        assert answer.headers["WWW-Authenticate"].startswith(f'{REALM}, error="invalid_token"')
    assert missing.json()["code"] == wrong.json()["code"] == "unauthorized"


def test_after_twenty_wrong_keys_a_minute_an_address_gets_429_and_right_keys_go_on(caller: APIClient) -> None:
    key = new_key(new_merchant())
    moment = clock.now().replace(second=10, microsecond=0)
    with clock.at(moment):
        wrong = [users(caller, "rk_test_wrong") for _ in range(21)]
        refused = caller.get("/api/v1/users", headers={"Authorization": "Bearer rk_test_wrong"})
        assert users(caller, key.secret) == 200
    assert wrong == [401] * 20 + [429]
    assert refused.headers["Retry-After"] == "50"
    assert refused.json()["code"] == "rate_limited"
    elsewhere = APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    with clock.at(moment):
        assert users(elsewhere, "rk_test_wrong") == 401


def test_without_the_cache_wrong_keys_get_401_and_sign_in_is_still_bounded(caller: APIClient, settings: Any) -> None:
    # Port 1 refuses at once, as a Redis that is gone does.
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    }
    member = new_member()
    assert [users(caller, "rk_test_wrong") for _ in range(22)] == [401] * 22
    assert [sign_in(caller, member.user.email, "wrong").status_code for _ in range(11)] == [401] * 10 + [429]
    assert sign_in(caller, member.user.email).status_code == 429
