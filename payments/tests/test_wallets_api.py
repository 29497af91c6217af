"""Top-ups, withdrawals and payouts through the REST door."""

from typing import Any

import pytest

from payments.models import Payment, Payout
from payments.tests.factories import new_method
from payments.tests.wallets import WalletShop
from rupai.accounts.services.keys import create_key
from tests.places import call, check_problem, new_once
from wallets.services import wallets

pytestmark = pytest.mark.django_db
SCOPES = ["wallets:read", "wallets:topup", "wallets:withdraw"]


@pytest.fixture
def shop(acquirer: object) -> WalletShop:
    return WalletShop()


@pytest.fixture
def key(shop: WalletShop) -> str:
    """A key that may do nothing but what these addresses need."""
    return create_key(actor=shop.actor, name="Till", scopes=SCOPES).secret


def top_up(shop: WalletShop, token: str = "tok_visa", **changed: Any) -> dict[str, Any]:
    method = new_method(shop.actor, shop.customer, token).public_id
    source = {"type": "saved_method", "payment_method_token": method}
    return {"amount": 10_000, "currency": "INR", "source": source, **changed}


def withdrawal(**changed: Any) -> dict[str, Any]:
    return {"amount": 4_000, "currency": "INR", "destination": "bank_success", **changed}


def below(shop: WalletShop, way: str) -> str:
    return f"/api/v1/wallets/{shop.wallet.public_id}/{way}"


def test_a_top_up_answers_what_the_tool_promises(shop: WalletShop, key: str) -> None:
    answer = call("POST", below(shop, "top-ups"), top_up(shop), bearer=key, Idempotency_Key=new_once())
    shown = answer.json()
    assert answer.status_code == 201
    assert {name: shown[name] for name in ("status", "amount", "currency", "balance_after")} == {
        "status": "posted",
        "amount": 10_000,
        "currency": "INR",
        "balance_after": 10_000,
    }
    assert shown["top_up_id"].startswith("top_")
    assert shown["payment_id"] == Payment.objects.get().public_id
    assert shown["risk"]["decision"] == "allow"


@pytest.mark.parametrize(("token", "status"), [("tok_pending", "processing"), ("tok_3ds_required", "processing")])
def test_an_open_top_up_is_202_and_says_what_the_payer_has_to_do(
    shop: WalletShop, key: str, token: str, status: str
) -> None:
    answer = call("POST", below(shop, "top-ups"), top_up(shop, token), bearer=key, Idempotency_Key=new_once())
    shown = answer.json()
    assert (answer.status_code, shown["status"], shown["balance_after"]) == (202, status, 0)
    assert ("next_action" in shown) == (token == "tok_3ds_required")


def test_a_declined_top_up_is_a_problem_that_carries_it(shop: WalletShop, key: str) -> None:
    body, once = top_up(shop, "tok_insufficient_funds"), new_once()
    first = call("POST", below(shop, "top-ups"), body, bearer=key, Idempotency_Key=once)
    problem = check_problem(first, 402, "payment_declined")
    assert (problem["decline_code"], problem["top_up"]["status"]) == ("insufficient_funds", "failed")
    again = call("POST", below(shop, "top-ups"), body, bearer=key, Idempotency_Key=once)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert Payment.objects.count() == 1


def test_a_withdrawal_is_paid_once_per_key_and_can_be_read(shop: WalletShop, key: str, acquirer: object) -> None:
    shop.top_up()
    once = new_once()
    first = call("POST", below(shop, "withdrawals"), withdrawal(), bearer=key, Idempotency_Key=once)
    again = call("POST", below(shop, "withdrawals"), withdrawal(), bearer=key, Idempotency_Key=once)
    assert (first.status_code, first.json()["status"], again.content) == (201, "paid", first.content)
    assert Payout.objects.count() == 1
    assert shop.balance == (6_000, 0)
    read = call("GET", f"/api/v1/payouts/{first.json()['payout_id']}", bearer=key)
    assert read.json() == first.json()
    assert "bank_success" not in read.content.decode()


def test_a_declined_withdrawal_says_that_the_money_is_back(shop: WalletShop, key: str) -> None:
    shop.top_up()
    body = withdrawal(destination="bank_declined_account_closed")
    answer = call("POST", below(shop, "withdrawals"), body, bearer=key, Idempotency_Key=new_once())
    problem = check_problem(answer, 402, "payment_declined")
    assert (problem["decline_code"], problem["payout"]["status"]) == ("account_closed_or_invalid", "failed")
    assert "back in the wallet" in problem["hint"]
    assert shop.balance == (10_000, 0)


def test_a_refusal_gives_the_key_back(shop: WalletShop, key: str) -> None:
    once = new_once()
    poor = call("POST", below(shop, "withdrawals"), withdrawal(), bearer=key, Idempotency_Key=once)
    assert check_problem(poor, 422, "insufficient_funds")["available"] == 0
    shop.top_up()
    assert call("POST", below(shop, "withdrawals"), withdrawal(), bearer=key, Idempotency_Key=once).status_code == 201


def test_a_frozen_wallet_is_409(shop: WalletShop, key: str) -> None:
    wallets.freeze_wallet(actor=shop.actor, wallet_id=shop.wallet.public_id)
    for way, body in (("top-ups", top_up(shop)), ("withdrawals", withdrawal())):
        answer = call("POST", below(shop, way), body, bearer=key, Idempotency_Key=new_once())
        check_problem(answer, 409, "wallet_frozen")
    assert (Payment.objects.count(), Payout.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 100.0},
        {"amount": 0},
        {"amount": "100"},
        {"currency": "inr"},
        {"source": {"type": "upi", "vpa": "a@b"}},
        {"source": {"type": "saved_method"}},
        {"source": "pm_1"},
        {"surprise": 1},
    ],
)
def test_a_top_up_with_a_wrong_field_tries_nothing(shop: WalletShop, key: str, changed: dict[str, Any]) -> None:
    body = top_up(shop, **changed)
    check_problem(call("POST", below(shop, "top-ups"), body, bearer=key, Idempotency_Key=new_once()), 400)
    assert not Payment.objects.exists()


def test_payouts_are_listed_and_filtered(shop: WalletShop, key: str) -> None:
    shop.top_up()
    paid, waits = shop.withdraw(100), shop.withdraw(200, to="bank_pending")

    def ids_of(query: str) -> list[str]:
        shown = call("GET", f"/api/v1/payouts?{query}", bearer=key).json()
        return [row["payout_id"] for row in shown["data"]]

    assert ids_of("") == [waits.public_id, paid.public_id]
    assert ids_of("status=processing") == [waits.public_id]
    assert ids_of(f"status=paid&wallet_id={shop.wallet.public_id}") == [paid.public_id]
    assert ids_of(f"customer_id={shop.customer.public_id}&currency=USD") == []
