"""Which keys and tokens open the REST door: whole, living ones of the right mode, and no others."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from rupai.accounts.models import Merchant
from rupai.accounts.services.keys import NewKey, create_key, revoke_key, rotate_key
from rupai.accounts.services.tokens import issue
from rupai.accounts.tests.factories import access_token, new_key, new_member, new_merchant, owner_of
from rupai.core import clock

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def merchant() -> Merchant:
    return new_merchant()


@pytest.fixture
def key(merchant: Merchant) -> NewKey:
    return new_key(merchant)


def status(authorization: str) -> int:
    """The answer to a list, from an address of its own so that wrong tries do not add up."""
    caller = APIClient(REMOTE_ADDR=f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1")
    answer = caller.get("/api/v1/payments", headers={"Authorization": authorization})
    assert answer.headers["Content-Type"] in {"application/json", "application/problem+json"}
    return answer.status_code


def bearer(value: str) -> int:
    return status(f"Bearer {value}")


def test_the_key_as_it_was_shown_is_let_in(key: NewKey) -> None:
    assert bearer(key.secret) == 200
    assert status(f"bearer   {key.secret}  ") == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda secret: secret.replace("rk_test_", "rk_live_"),
        lambda secret: secret.replace("rk_test_", "rk_prod_"),
        lambda secret: secret.replace("rk_test_", "sk_test_"),
        lambda secret: secret.removeprefix("rk_test_"),
        lambda secret: secret[:-1],
        lambda secret: secret[:-1] + ("0" if secret[-1] != "0" else "1"),
        lambda secret: secret + "0",
        lambda secret: secret + "_0",
        lambda secret: secret.upper(),
        lambda secret: secret.rpartition("_")[0] + "_",
        lambda secret: secret.rpartition("_")[0],
        lambda secret: "rk_test__" + secret.rpartition("_")[2],
        lambda secret: "rk_test_" + "z" * 22 + "_" + secret.rpartition("_")[2],
        lambda secret: secret + "\x7f",
        lambda secret: secret.replace("_", " "),
        lambda secret: secret + ", " + secret,
        lambda _: "rk_test_" + "x" * 8_000,
        lambda _: "",
        lambda _: "null",
    ],
)
def test_a_changed_key_is_refused(change: Any, key: NewKey) -> None:
    assert bearer(change(key.secret)) == 401


@pytest.mark.parametrize("scheme", ["", "Basic", "Token", "Bearer:", "Digest"])
def test_another_scheme_is_nobody(scheme: str, key: NewKey) -> None:
    assert status(f"{scheme} {key.secret}") == 401


def test_a_key_lives_until_it_expires_or_is_revoked(merchant: Merchant) -> None:
    actor, now = owner_of(merchant), clock.now()
    made = create_key(actor=actor, name="Till", scopes=["payments:read"], expires_at=now + HOUR)
    with clock.at(now + HOUR - timedelta(seconds=1)):
        assert bearer(made.secret) == 200
    with clock.at(now + HOUR):
        assert bearer(made.secret) == 401
    other = new_key(merchant)
    revoke_key(actor=actor, key_id=other.key.public_id)
    assert bearer(other.secret) == 401


def test_a_rotated_key_ends_with_its_overlap(merchant: Merchant, key: NewKey) -> None:
    now = clock.now()
    fresh = rotate_key(actor=owner_of(merchant), key_id=key.key.public_id, overlap=HOUR)
    assert bearer(key.secret) == bearer(fresh.secret) == 200
    with clock.at(now + HOUR + timedelta(seconds=1)):
        assert bearer(key.secret) == 401
        assert bearer(fresh.secret) == 200


def test_the_keys_of_a_closed_merchant_are_dead(merchant: Merchant, key: NewKey) -> None:
    Merchant.objects.filter(pk=merchant.pk).update(is_active=False)
    assert bearer(key.secret) == 401


def test_a_live_key_is_no_test_key(merchant: Merchant) -> None:
    live = new_key(merchant, livemode=True)
    assert live.secret.startswith("rk_live_")
    assert bearer(live.secret) == 200
    assert bearer(live.secret.replace("rk_live_", "rk_test_")) == 401


def test_only_the_access_token_of_a_living_member_is_let_in() -> None:
    member = new_member()
    pair = issue(user=member.user, membership=member, livemode=False)
    assert bearer(pair.access) == 200
    assert bearer(pair.refresh) == 401
    head, body, signature = pair.access.split(".")
    assert bearer(f"{head}.{body}.") == 401
    assert bearer(f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.") == 401
    assert bearer(f"{head}.{body}.{signature[::-1]}") == 401
    member.user.is_active = False
    member.user.save()
    assert bearer(pair.access) == 401


def test_an_access_token_ends_by_itself() -> None:
    read = AccessToken(access_token(new_member()))  # type: ignore[arg-type]  # the library annotates the text as a token
    assert timedelta(0) < timedelta(seconds=read["exp"] - read["iat"]) <= timedelta(minutes=30)
    assert bearer(str(read)) == 200
    read.set_exp(lifetime=-timedelta(seconds=1))
    assert bearer(str(read)) == 401


def test_a_session_of_the_console_opens_no_rest_door() -> None:
    member = new_member(is_staff=True)
    caller = APIClient()
    caller.force_login(member.user)
    assert caller.get("/admin/").status_code == 200
    assert caller.get("/api/v1/payments").status_code == 401
    assert caller.post("/api/v1/customers", {"name": "Eve"}).status_code == 401
