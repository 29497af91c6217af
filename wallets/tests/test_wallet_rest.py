"""The REST door of wallets, from opening one to closing it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rupai.accounts.tests.factories import new_merchant
from rupai.core import clock
from wallets.models import Wallet
from wallets.services.accounts import forget_charts
from wallets.services.holds import hold_funds
from wallets.tests.caller import Caller
from wallets.tests.factories import Purse, fund, has

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


@pytest.fixture
def caller(purse: Purse) -> Caller:
    return Caller(purse)


def test_a_wallet_is_opened_read_and_found(purse: Purse, caller: Caller) -> None:
    customer = purse.customer()
    opened = caller.post("", {"customer_id": customer.public_id, "currency": "INR"})
    assert opened.status_code == 201
    wallet = Wallet.objects.get()
    fund(wallet, 150_00)
    hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=50_00)
    shown = caller.get(f"/{wallet.public_id}").json()
    assert shown == opened.json() | {
        "balance": 150_00,
        "available": 100_00,
        "held": 50_00,
        "display": "INR 100.00",
    }
    purse.wallet(currency="USD")
    for asked in ({"customer_id": customer.public_id}, {"currency": "INR"}):
        assert caller.get(**asked).json() == {"data": [shown], "has_more": False}
    assert caller.get(status="closed").json()["data"] == []
    assert caller.get(customer_id="cust_1").json()["data"] == []
    first = caller.get(limit=1).json()
    second = caller.get(limit=1, cursor=first["next_cursor"]).json()
    assert [row["currency"] for row in first["data"] + second["data"]] == ["USD", "INR"]
    again = caller.post("", {"customer_id": customer.public_id, "currency": "INR"})
    assert (again.status_code, again.json()["code"], again.json()["wallet"]) == (409, "wallet_exists", wallet.public_id)


def test_a_transfer_is_made_once(purse: Purse, caller: Caller) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    body = {"to_wallet_id": target.public_id, "amount": 60_00, "currency": "INR", "description": "Lunch"}
    path = f"/{source.public_id}/transfers"
    first = caller.post(path, body, key="transfer-1")
    assert first.status_code == 201
    answer = first.json()
    assert (answer["from_balance_after"], answer["description"], answer["status"]) == (40_00, "Lunch", "posted")
    again = caller.post(path, body, key="transfer-1")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert caller.post(path, {**body, "amount": 1}, key="transfer-1").json()["code"] == "idempotency_key_reused"
    assert (has(source), has(target)) == ((40_00, 0), (60_00, 0))
    refused = caller.post(path, body)
    assert (refused.status_code, refused.json()["code"], refused.json()["available"]) == (
        422,
        "insufficient_funds",
        40_00,
    )
    without = caller.http.post(f"/api/v1/wallets{path}", body, format="json")
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")


@pytest.mark.parametrize("amount", [0, -1, 1.0, "100", True, None, 2**53])
def test_amounts_are_whole_minor_units(purse: Purse, caller: Caller, amount: Any) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    body = {"to_wallet_id": target.public_id, "amount": amount, "currency": "INR"}
    assert caller.post(f"/{source.public_id}/transfers", body).status_code == 400
    assert caller.post(f"/{source.public_id}/holds", {"amount": amount}).status_code == 400
    assert has(source) == (100_00, 0)


def test_a_hold_is_captured_and_another_released(purse: Purse, caller: Caller) -> None:
    path = f"/{purse.wallet(100_00).public_id}"
    now = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=3650)
    with clock.at(now):
        made = caller.post(f"{path}/holds", {"amount": 40_00, "expires_in": 60, "reference": "order 7"})
    held = made.json()
    assert (made.status_code, held["status"], held["expires_at"]) == (
        201,
        "held",
        (now + timedelta(seconds=60)).isoformat(),
    )
    with clock.at(now):
        taken = caller.post(f"{path}/holds/{held['hold_id']}/capture", {"amount": 15_00})
    assert (taken.status_code, taken.json()["captured"]) == (200, 15_00)
    assert caller.get(path).json()["available"] == 85_00
    late = caller.post(f"{path}/holds/{held['hold_id']}/release")
    assert (late.status_code, late.json()["code"]) == (409, "hold_already_resolved")
    other = caller.post(f"{path}/holds", {"amount": 1_00}).json()
    freed = caller.post(f"{path}/holds/{other['hold_id']}/release")
    assert (freed.status_code, freed.json()["status"]) == (200, "released")
    for bad in ({"reference": "=1+1"}, {"expires_in": 0}, {"expires_in": 1.0}, {"reference": 7}, {"note": "x"}):
        assert caller.post(f"{path}/holds", {"amount": 1_00, **bad}).status_code == 400
    assert caller.get(path).json()["held"] == 0


def test_a_wallet_is_frozen_unfrozen_and_closed(purse: Purse, caller: Caller) -> None:
    path = f"/{purse.wallet().public_id}"
    for way, status in (("freeze", "frozen"), ("unfreeze", "active"), ("close", "closed")):
        moved = caller.post(f"{path}/{way}")
        assert (moved.status_code, moved.json()["status"]) == (200, status)
    again = caller.post(f"{path}/freeze")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_limits_are_set_read_and_kept(purse: Purse, caller: Caller) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    path = f"/{source.public_id}"
    assert caller.get(f"{path}/limits").json()["windows"] == []
    level = {"currency": "INR", "kyc_level": 0, "per_transaction": None, "per_day": None, "per_month": 60_00}
    made = caller.http.post("/api/v1/wallet-limits", level, format="json")
    assert (made.status_code, made.json()["limits"]["per_month"]) == (200, 60_00)
    own = {"per_transaction": None, "per_day": 50_00, "per_month": None}
    now = datetime(2026, 3, 1, 6, tzinfo=UTC) + timedelta(days=3650)
    with clock.at(now):
        assert caller.post(f"{path}/limits", own).status_code == 200
        sent = {"to_wallet_id": target.public_id, "amount": 45_00, "currency": "INR"}
        assert caller.post(f"{path}/transfers", sent).status_code == 201
        windows = caller.get(f"{path}/limits").json()["windows"]
        assert [(one["name"], one["used"], one["remaining"]) for one in windows] == [
            ("per_day", 45_00, 5_00),
            ("per_month", 45_00, 15_00),
        ]
        refused = caller.post(f"{path}/transfers", {**sent, "amount": 5_01})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["window"], problem["remaining"]) == (
        422,
        "limit_exceeded",
        "per_day",
        5_00,
    )
    assert caller.post(f"{path}/overdraft", {"overdraft_limit": 20_00}).json()["available"] == 75_00
    assert caller.post(f"{path}/limits", {"per_day": 1}).status_code == 400
    for bad in (-1, 1.0, "1", True):
        assert caller.post(f"{path}/overdraft", {"overdraft_limit": bad}).status_code == 400
        assert caller.post(f"{path}/limits", {**own, "per_day": bad}).status_code == 400
    assert (has(source), has(target)) == ((75_00, 0), (45_00, 0))


def test_another_merchant_gets_404(purse: Purse) -> None:
    wallet = purse.wallet(100_00)
    held = hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=1_00).transfer.public_id
    stranger = Caller(Purse(new_merchant()))
    path = f"/{wallet.public_id}"
    body = {"to_wallet_id": wallet.public_id, "amount": 1, "currency": "INR"}
    answers = [stranger.get(path), stranger.get(f"{path}/statement"), stranger.get(f"{path}/statement", format="pdf")]
    answers += [stranger.post(f"{path}/transfers", body), stranger.post(f"{path}/holds", {"amount": 1})]
    answers += [stranger.get(f"{path}/limits"), stranger.post(f"{path}/overdraft", {"overdraft_limit": 1})]
    answers += [stranger.post(f"{path}/{way}") for way in ("freeze", "unfreeze", "close")]
    answers += [stranger.post(f"{path}/holds/{held}/{way}") for way in ("capture", "release")]
    assert {answer.status_code for answer in answers} == {404}
    assert stranger.get().json()["data"] == []
    assert has(wallet) == (99_00, 1_00)
