"""kill -9 around payouts, top-ups and exchanges: a hold ends as the sandbox says, and nothing is paid twice.

Each kill is a SIGKILL of a real process at a failpoint.
"""

import signal
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import urllib3
from pytest_django import Settings

from payments.models import Attempt, Payment, Payout
from payments.services import janitor
from rupai.core import clock
from rupai.core.idempotency import LEASE
from rupai.core.models import Event, IdempotencyRecord
from tests.live import LiveShop, Stack, open_shop
from tests.test_crashes import sweep_twice
from tests.test_races import assert_invariants
from tests.wallets_live import balance_of_wallet, funded_wallet, new_wallet, payouts_at_sandbox, top_up
from wallets.models import FxQuote, Transfer, Wallet
from wallets.services.fx_quotes import quote_fx
from wallets.services.fx_rates import set_rate
from wallets.services.wallets import open_wallet
from wallets.tests.factories import fund

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PLACES = ["before_call", "after_call", "before_commit", "after_commit"]
PAYOUT_POINTS = ["payout.before_intent_commit", *(f"payout.{place}" for place in PLACES)]
SETTLE_POINTS = [f"settle_payout.{place}" for place in PLACES]
# A top-up is a payment: it passes the points of one.
TOP_UP_POINTS = ["authorize.before_intent_commit", *(f"authorize.{place}" for place in PLACES)]
# An exchange asks nobody outside: one transaction, with the ledger's chain in it.
EXCHANGE_PLACES = ["before_posting", "after_posting", "before_commit", "after_commit"]
EXCHANGE_POINTS = [f"exchange.{place}" for place in EXCHANGE_PLACES]
SOAK = 20
ONCE = "killed-0001"


@pytest.fixture
def stack(killable: Stack, settings: Settings) -> Stack:
    settings.SANDBOX_URL = killable.sandbox_url
    return killable


def withdrawal(to: str = "bank_success") -> dict[str, Any]:
    return {"amount": 4_000, "currency": "INR", "destination": to}


def filled(stack: Stack) -> tuple[LiveShop, Wallet]:
    """A shop and a wallet with 10000, both made before anything dies."""
    stack.start_web()
    shop = open_shop(stack)
    wallet = funded_wallet(shop, 10_000)
    stack.stop("web")
    return shop, wallet


def die(stack: Stack, shop: LiveShop, path: str, body: dict[str, Any], point: str) -> None:
    process = stack.start_web(RUPAI_CRASH_AT=point)
    with pytest.raises(urllib3.exceptions.HTTPError):
        shop.post(path, body, once=ONCE)
    assert process.wait(10) == -signal.SIGKILL
    stack.processes.pop("web")
    stack.start_web()


def age() -> None:
    """Let the lease of the dead request pass, and its age be such that absence counts."""
    then = clock.now() - LEASE
    IdempotencyRecord.objects.filter(key=ONCE).update(leased_until=then)
    Payout.objects.update(created_at=then)
    Attempt.objects.update(created_at=then, updated_at=then)


def verify_payouts(shop: LiveShop, wallet: Wallet) -> None:
    """The sandbox, the rows, the ledger and the events tell the same; nothing is open any more."""
    booked = {payout["reference"]: payout["amount"] for payout in payouts_at_sandbox(shop)}
    assert len(booked) == len(payouts_at_sandbox(shop)), "one reference was paid twice"
    assert {payout.public_id: payout.amount for payout in Payout.objects.filter(state="paid")} == booked
    assert not Payout.objects.exclude(state__in=["paid", "failed"]).exists()
    assert balance_of_wallet(wallet) == (10_000 - sum(booked.values()), 0)
    for payout in Payout.objects.iterator():
        told = Event.objects.filter(subject_id=payout.public_id).order_by("inserted").values_list("type", flat=True)
        assert list(told) == ["payout.created", f"payout.{payout.state}"]
    assert_invariants()


def kill_withdrawal(stack: Stack, point: str) -> None:
    """Kill the web server at a point of a withdrawal, retry the call, let the janitor sweep, and check everything."""
    shop, wallet = filled(stack)
    path = f"/wallets/{wallet.public_id}/withdrawals"
    die(stack, shop, path, withdrawal(), point)
    assert shop.post(path, withdrawal(), once=ONCE).status == 409, "the lease of the dead request still holds"
    age()
    retried = shop.post(path, withdrawal(), once=ONCE)
    assert retried.status in {201, 402}
    sweep_twice()
    assert Payout.objects.count() == 1
    verify_payouts(shop, wallet)
    stack.stop("web")


@pytest.mark.parametrize("point", PAYOUT_POINTS)
def test_a_killed_withdrawal_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_withdrawal(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", PAYOUT_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_withdrawal_many_times(stack: Stack, point: str, again: int) -> None:
    kill_withdrawal(stack, point)


def kill_settling(stack: Stack, point: str) -> None:
    """Leave a payout unknown, kill the web server while the retry asks about it, and let the next sweep end it."""
    shop, wallet = filled(stack)
    path, body = f"/wallets/{wallet.public_id}/withdrawals", withdrawal("bank_timeout_after")
    die(stack, shop, path, body, "payout.after_call")
    stack.stop("web")
    age()
    die(stack, shop, path, body, point)
    sweep_twice()
    assert Payout.objects.get().state == "paid"
    verify_payouts(shop, wallet)
    stack.stop("web")


@pytest.mark.parametrize("point", SETTLE_POINTS)
def test_killed_while_asking_about_a_payout_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_settling(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", SETTLE_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_while_asking_many_times(stack: Stack, point: str, again: int) -> None:
    kill_settling(stack, point)


@pytest.mark.parametrize(("to", "state"), [("bank_timeout_after", "paid"), ("bank_timeout_before", "failed")])
def test_the_janitor_ends_a_withdrawal_that_timed_out(stack: Stack, to: str, state: str) -> None:
    shop, wallet = filled(stack)
    stack.start_web()
    path = f"/wallets/{wallet.public_id}/withdrawals"
    first = shop.post(path, withdrawal(to), once=ONCE)
    assert (first.status, first.body["status"], balance_of_wallet(wallet)) == (202, "processing", (6_000, 4_000))
    assert shop.post(path, withdrawal(to), once=ONCE).raw == first.raw
    with clock.at(clock.now() + timedelta(minutes=10)):
        janitor.sweep()
    assert shop.get(f"/payouts/{first.body['payout_id']}").body["status"] == state
    verify_payouts(shop, wallet)
    stack.stop("web")


def kill_top_up(stack: Stack, point: str) -> None:
    """Kill the web server at a point of a top-up; the wallet gets what the sandbox took, once."""
    shop = open_shop(stack)
    wallet = new_wallet(shop)
    path, body = f"/wallets/{wallet.public_id}/top-ups", top_up(10_000, shop.method().public_id)
    die(stack, shop, path, body, point)
    age()
    retried = shop.post(path, body, once=ONCE)
    assert retried.status in {201, 402}
    sweep_twice()
    taken = [charge["amount_captured"] for charge in shop.charges()]
    assert len(taken) <= 1
    assert balance_of_wallet(wallet) == (sum(taken), 0)
    assert Payment.objects.get().amount_captured == sum(taken)
    assert Event.objects.filter(type="top_up.posted").count() == len(taken)
    assert_invariants()
    stack.stop("web")


@pytest.mark.parametrize("point", TOP_UP_POINTS)
def test_a_killed_top_up_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_top_up(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", TOP_UP_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_top_up_many_times(stack: Stack, point: str, again: int) -> None:
    kill_top_up(stack, point)


def quoted(shop: LiveShop) -> tuple[Wallet, Wallet, FxQuote]:
    """Dollars (100.00), an empty wallet of rupees, and a quote for the dollars: 8270.44 rupees with the spread off."""
    actor, customer = shop.shop.actor, shop.shop.customer.public_id
    dollars = open_wallet(actor=actor, customer_id=customer, currency="USD")
    fund(dollars, 100_00)
    set_rate(actor=actor, base="USD", quote="INR", rate=Decimal("83.12"))
    return dollars, new_wallet(shop), quote_fx(actor=actor, from_currency="USD", to_currency="INR", amount=100_00)


def kill_exchange(stack: Stack, point: str) -> None:
    """Kill the web server at a point of an exchange, retry the call, and find one chain or, before that, none."""
    shop = open_shop(stack)
    dollars, rupees, quote = quoted(shop)
    path = f"/wallets/{dollars.public_id}/exchanges"
    body = {"quote_id": quote.public_id, "to_wallet_id": rupees.public_id}
    die(stack, shop, path, body, point)
    committed = point == "exchange.after_commit"
    moved = (balance_of_wallet(dollars), balance_of_wallet(rupees))
    assert moved == (((0, 0), (8270_44, 0)) if committed else ((100_00, 0), (0, 0))), "all of it or nothing"
    assert shop.post(path, body, once=ONCE).status == 409, "the lease of the dead request still holds"
    age()
    retried = shop.post(path, body, once=ONCE)
    assert retried.status == 201, retried.body
    assert shop.post(path, body, once=ONCE).raw == retried.raw
    assert shop.post(path, body, once="another-0001").body["code"] == "quote_used"
    assert (balance_of_wallet(dollars), balance_of_wallet(rupees)) == ((0, 0), (8270_44, 0))
    legs = Transfer.objects.filter(reference=quote.public_id).values_list("kind", flat=True)
    assert sorted(legs) == ["fx", "fx", "fx_spread"]
    assert Event.objects.filter(type="fx.exchanged", subject_id=quote.public_id).count() == 1
    assert_invariants()
    stack.stop("web")


@pytest.mark.parametrize("point", EXCHANGE_POINTS)
def test_a_killed_exchange_loses_and_doubles_nothing(stack: Stack, point: str) -> None:
    kill_exchange(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", EXCHANGE_POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_killed_exchange_many_times(stack: Stack, point: str, again: int) -> None:
    kill_exchange(stack, point)
