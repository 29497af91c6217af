"""Foreign exchange over REST: quote, exchange, read again; retries move nothing twice."""

from datetime import timedelta
from typing import Any

import pytest

from rupai.accounts.tests.factories import new_key
from rupai.core import clock
from tests.places import call, check_problem, new_once
from wallets.models import FxQuote, Transfer
from wallets.tests.fx_world import FxWorld, broken_rules

pytestmark = pytest.mark.django_db
WISH = {"from_currency": "USD", "to_currency": "INR", "amount": 100_00}


class Caller:
    def __init__(self, world: FxWorld) -> None:
        self.world, self.key = world, new_key(world.merchant).secret

    def post(self, path: str, body: Any, *, once: str | None = None) -> Any:
        headers = {"Idempotency_Key": once} if once else {}
        return call("POST", f"/api/v1/{path}", body, bearer=self.key, **headers)

    def get(self, path: str) -> Any:
        return call("GET", f"/api/v1/{path}", bearer=self.key)

    def quote(self, **changed: Any) -> dict[str, Any]:
        answer = self.post("fx/quotes", {**WISH, **changed})
        assert answer.status_code == 201, answer.content
        found: dict[str, Any] = answer.json()
        return found

    def exchange(self, quote_id: str, *, once: str) -> Any:
        body = {"quote_id": quote_id, "to_wallet_id": self.world.rupees.public_id}
        return self.post(f"wallets/{self.world.dollars.public_id}/exchanges", body, once=once)


@pytest.fixture
def caller() -> Caller:
    return Caller(FxWorld())


def test_a_quote_is_made_and_read(caller: Caller) -> None:
    quote = caller.quote()
    assert (quote["from_amount"], quote["to_amount"]) == (100_00, 8270_44)
    assert (quote["spread_amount"], quote["spread_currency"], quote["spread_bps"]) == (50, "USD", 50)
    assert (quote["rate"], quote["mid_rate"]) == ("82.7044", "83.12")
    assert caller.get(f"fx/quotes/{quote['quote_id']}").json() == quote
    assert caller.quote(amount=8270_44, side="to")["from_amount"] == 100_00


def test_an_exchange_is_made_once_per_key(caller: Caller) -> None:
    quote, once = caller.quote(), new_once()
    done = caller.exchange(quote["quote_id"], once=once)
    assert done.status_code == 201, done.content
    assert done.json()["from_wallet_id"] == caller.world.dollars.public_id
    again = caller.exchange(quote["quote_id"], once=once)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (done.content, "true")
    check_problem(caller.exchange(quote["quote_id"], once=new_once()), 409, "quote_used")
    assert caller.get(f"fx/quotes/{quote['quote_id']}").json() == done.json()
    assert caller.world.balance(caller.world.rupees) == 8270_44
    assert Transfer.objects.filter(reference=quote["quote_id"]).count() == 3
    assert broken_rules() == {}


def test_an_exchange_needs_a_key(caller: Caller) -> None:
    body = {"quote_id": caller.quote()["quote_id"], "to_wallet_id": caller.world.rupees.public_id}
    refused = caller.post(f"wallets/{caller.world.dollars.public_id}/exchanges", body)
    check_problem(refused, 400, "idempotency_key_required")
    assert caller.world.balance(caller.world.dollars) == 100_00


def test_an_expired_quote_is_refused_and_the_key_given_back(caller: Caller) -> None:
    quote, once = caller.quote(), new_once()
    with clock.at(clock.now() + timedelta(seconds=61)):
        problem = check_problem(caller.exchange(quote["quote_id"], once=once), 409, "quote_expired")
        assert problem["hint"].startswith("Ask for a new quote")
        assert caller.world.balance(caller.world.dollars) == 100_00
        fresh = caller.quote()["quote_id"]
        assert caller.exchange(fresh, once=once).status_code == 201


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"amount": 100.0}, "/amount"),
        ({"amount": 0}, "/amount"),
        ({"from_currency": "usd"}, "/from_currency"),
        ({"to_currency": "XAU"}, "/to_currency"),
        ({"side": "both"}, "/side"),
        ({"rate": "83"}, "/rate"),
    ],
)
def test_what_cannot_be_quoted_is_named(caller: Caller, changed: dict[str, Any], pointer: str) -> None:
    problem = check_problem(caller.post("fx/quotes", {**WISH, **changed}), 400, "invalid_input")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not FxQuote.objects.exists()


def test_refusals_of_quotes_say_what_would_be_accepted(caller: Caller) -> None:
    check_problem(caller.post("fx/quotes", {**WISH, "to_currency": "USD"}), 400, "same_currency")
    unknown = check_problem(caller.post("fx/quotes", {**WISH, "to_currency": "JPY"}), 422, "rate_unknown")
    assert (unknown["from_currency"], unknown["to_currency"]) == ("USD", "JPY")
    tiny = {"from_currency": "INR", "to_currency": "USD", "amount": 1}
    check_problem(caller.post("fx/quotes", tiny), 422, "amount_not_exchangeable")
    assert not FxQuote.objects.exists()


def test_the_rates_in_force_are_listed(caller: Caller) -> None:
    [rate] = caller.get("fx/rates").json()["data"]
    assert (rate["base"], rate["quote"], rate["rate"], rate["owner"]) == ("USD", "INR", "83.12", "merchant")
    assert caller.get("fx/rates?base=USD&quote=INR").json()["data"] == [rate]
    assert caller.get("fx/rates?base=INR").json()["data"] == []
    check_problem(caller.get("fx/rates?pair=USDINR"), 400, "unknown_parameter")
