"""Top-ups: payments that credit a wallet, once, and are given back when the wallet cannot have the money."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from payments.models import Attempt, Payment, RiskPolicy, TopUp
from payments.sandbox.acquirer import Acquirer
from payments.services import janitor
from payments.services.capture import CaptureInParts, capture_payment
from payments.services.create import WrongPaymentMethod
from payments.services.refund import refund_payment
from payments.services.settle import settle_attempt
from payments.services.top_up import top_up_wallet
from payments.tests.factories import actor_of, new_customer, new_merchant, new_method
from payments.tests.wallets import WalletShop, assert_invariants
from rupai.core import clock, ids
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, NotFound, ScopeMissing
from rupai.core.money import CurrencyMismatch, Money
from wallets.errors import InsufficientFunds, WalletClosed, WalletFrozen
from wallets.services import wallets
from wallets.states import AccountCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(acquirer: Acquirer) -> WalletShop:
    return WalletShop()


def freeze(shop: WalletShop) -> None:
    wallets.freeze_wallet(actor=shop.actor, wallet_id=shop.wallet.public_id)


def close(shop: WalletShop) -> None:
    wallets.close_wallet(actor=shop.actor, wallet_id=shop.wallet.public_id)


def sweep_in(minutes: int) -> None:
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        janitor.sweep()


def again(top_up: TopUp) -> TopUp:
    return TopUp(Payment.objects.get(pk=top_up.payment.pk))


def test_a_top_up_is_a_payment_whose_capture_credits_the_wallet(shop: WalletShop) -> None:
    top_up = shop.top_up(10_000)
    assert (top_up.status, top_up.payment.status) == ("posted", "captured")
    assert shop.balance == (10_000, 0)
    assert shop.holds(AccountCode.PROVIDER_CLEARING) == 10_000
    assert shop.holds(AccountCode.MERCHANT_PAYABLE) == 0
    assert shop.told("top_up") == [("top_up.posted", ["processing", "posted"])]
    assert top_up.payment.risk_decisions.count() == top_up.payment.route_decisions.count() == 1
    assert_invariants()


def test_its_id_is_the_payments_under_a_name_of_its_own(shop: WalletShop) -> None:
    top_up = shop.top_up()
    shown = top_up.public()
    assert ids.parse("top", shown["top_up_id"]) == ids.parse("pay", shown["payment_id"]) == top_up.payment.pk
    assert (shown["wallet_id"], shown["amount"]) == (shop.wallet.public_id, 10_000)
    assert top_up.payment.public()["wallet_id"] == shop.wallet.public_id


def test_a_top_up_costs_the_merchant_no_fee(acquirer: Acquirer) -> None:
    shop = WalletShop(new_merchant(fee_basis_points=200))
    shop.top_up(10_000)
    assert (shop.balance, shop.holds(AccountCode.FEE_REVENUE)) == ((10_000, 0), 0)
    shop.pay(10_000)
    assert shop.holds(AccountCode.FEE_REVENUE) == 200


def test_a_declined_top_up_credits_nothing(shop: WalletShop) -> None:
    top_up = shop.top_up(token="tok_insufficient_funds")
    assert (top_up.status, top_up.payment.failure_code) == ("failed", "insufficient_funds")
    assert (shop.balance, shop.told("top_up")) == ((0, 0), [])
    assert_invariants()


@pytest.mark.parametrize(
    ("token", "status", "balance"),
    [("tok_timeout_before", "failed", 0), ("tok_timeout_after", "posted", 10_000), ("tok_pending", "posted", 10_000)],
)
def test_an_open_top_up_is_settled_by_the_janitor(shop: WalletShop, token: str, status: str, balance: int) -> None:
    top_up = shop.top_up(token=token)
    assert (top_up.status, shop.balance) == ("processing", (0, 0))
    sweep_in(6)
    assert (again(top_up).status, shop.balance) == (status, (balance, 0))
    sweep_in(80)
    assert shop.balance == (balance, 0)
    assert len(shop.told("top_up")) == (status == "posted")
    assert_invariants()


@pytest.mark.parametrize(("end", "refusal"), [(freeze, WalletFrozen), (close, WalletClosed)])
def test_a_wallet_that_is_not_active_is_not_tried(
    shop: WalletShop, end: Callable[[WalletShop], None], refusal: type[DomainError]
) -> None:
    end(shop)
    with pytest.raises(refusal):
        shop.top_up()
    assert (Payment.objects.count(), Attempt.objects.count()) == (0, 0)


def test_a_wallet_that_is_frozen_meanwhile_still_gets_the_money(shop: WalletShop) -> None:
    top_up = shop.top_up(token="tok_pending")
    freeze(shop)
    sweep_in(6)
    assert (again(top_up).status, shop.balance) == ("posted", (10_000, 0))
    assert_invariants()


def test_money_for_a_wallet_that_is_closed_meanwhile_is_given_back(shop: WalletShop, acquirer: Acquirer) -> None:
    top_up = shop.top_up(token="tok_pending")
    close(shop)
    with clock.at(clock.now() + timedelta(minutes=6)):
        payment = top_up.payment
        settle_attempt(payment.tries.get(), actor=shop.actor)
        payment.refresh_from_db()
        assert (payment.stray, payment.status, again(top_up).status) == (True, "captured", "failed")
        assert (shop.holds(AccountCode.SUSPENSE), shop.told("top_up")) == (10_000, [])
        assert_invariants()
        janitor.sweep()
        janitor.sweep()
    assert (again(top_up).payment.status, again(top_up).status) == ("refunded", "failed")
    assert shop.holds(AccountCode.SUSPENSE) == shop.holds(AccountCode.PROVIDER_CLEARING) == 0
    assert payment.refunds.get().note == "The wallet was closed before the money came"
    [book] = acquirer.book.accounts.values()
    assert [charge.refunded for charge in book.charges] == [10_000]
    assert_invariants()


def test_money_that_comes_after_the_end_never_enters_the_wallet(shop: WalletShop) -> None:
    top_up = shop.top_up(token="tok_timeout_after")
    with clock.at(clock.now() + timedelta(minutes=6)):
        attempt = top_up.payment.tries.get()
        Attempt.objects.filter(pk=attempt.pk).update(reference="lost_in_the_post")
        settle_attempt(attempt, actor=shop.actor)
        assert again(top_up).payment.status == "failed"
        Attempt.objects.filter(pk=attempt.pk).update(reference=attempt.reference, state="unknown")
        Payment.objects.update(attempt_state="unknown")
        settle_attempt(attempt, actor=shop.actor)
        assert (again(top_up).payment.stray, shop.balance) == (True, (0, 0))
        janitor.sweep()
    assert again(top_up).payment.amount_refunded == 10_000
    assert (shop.balance, shop.holds(AccountCode.SUSPENSE)) == ((0, 0), 0)


def test_a_top_up_under_review_is_captured_by_a_person_and_as_a_whole(shop: WalletShop) -> None:
    RiskPolicy.objects.create(
        merchant_id=shop.merchant.pk, livemode=False, created_at=clock.now(), currency="INR", review_over=5_000
    )
    top_up = shop.top_up(10_000)
    assert (top_up.status, top_up.payment.status, shop.balance) == ("processing", "authorized", (0, 0))
    with pytest.raises(CaptureInParts):
        capture_payment(actor=shop.actor, payment_id=top_up.payment.public_id, amount=9_999)
    capture_payment(actor=shop.actor, payment_id=top_up.payment.public_id)
    assert (again(top_up).status, shop.balance) == ("posted", (10_000, 0))
    assert_invariants()


def test_a_refund_takes_the_money_out_of_the_wallet(shop: WalletShop) -> None:
    top_up = shop.top_up(10_000)
    refund = refund_payment(actor=shop.actor, payment_id=top_up.payment.public_id, amount=3_000)
    assert (refund.state, shop.balance, again(top_up).status) == ("succeeded", (7_000, 0), "posted")
    assert shop.holds(AccountCode.PROVIDER_CLEARING) == 7_000
    assert_invariants()


def test_a_refund_that_is_declined_leaves_it_in_the_wallet(shop: WalletShop) -> None:
    top_up = shop.top_up(10_000, token="tok_refund_declined")
    assert refund_payment(actor=shop.actor, payment_id=top_up.payment.public_id).state == "failed"
    assert shop.balance == (10_000, 0)
    assert_invariants()


def test_what_was_spent_or_is_frozen_cannot_be_refunded(shop: WalletShop) -> None:
    top_up = shop.top_up(10_000)
    shop.withdraw(1)
    with pytest.raises(InsufficientFunds):
        refund_payment(actor=shop.actor, payment_id=top_up.payment.public_id)
    freeze(shop)
    with pytest.raises(WalletFrozen):
        refund_payment(actor=shop.actor, payment_id=top_up.payment.public_id, amount=1)
    assert (shop.balance, again(top_up).payment.amount_refund_pending) == ((9_999, 0), 0)
    assert_invariants()


def test_a_retry_after_a_crash_settles_what_was_begun(shop: WalletShop) -> None:
    given: dict[str, Any] = {
        "actor": shop.actor,
        "wallet_id": shop.wallet.public_id,
        "money": Money(10_000, "INR"),
        "payment_method_token": new_method(shop.actor, shop.customer, "tok_timeout_after").public_id,
        "idempotency_id": ids.new_key(),
    }
    first = top_up_wallet(**given)
    freeze(shop)
    second = top_up_wallet(**given, resumed=True)
    assert (first.public_id, second.status) == (second.public_id, "posted")
    assert (Payment.objects.count(), shop.balance) == (1, (10_000, 0))


def test_other_payers_currencies_scopes_and_merchants_are_refused(shop: WalletShop) -> None:
    given: dict[str, Any] = {"wallet_id": shop.wallet.public_id, "money": Money(100, "INR")}
    own = new_method(shop.actor, shop.customer).public_id
    other = new_method(shop.actor, new_customer(shop.actor)).public_id
    without = Actor("key", "k", shop.merchant.pk, False, shop.actor.scopes - {"wallets:topup"})
    with pytest.raises(WrongPaymentMethod):
        top_up_wallet(actor=shop.actor, **given, payment_method_token=other)
    with pytest.raises(CurrencyMismatch):
        top_up_wallet(actor=shop.actor, **given | {"money": Money(100, "USD")}, payment_method_token=own)
    with pytest.raises(ScopeMissing):
        top_up_wallet(actor=without, **given, payment_method_token=own)
    with pytest.raises(NotFound):
        top_up_wallet(actor=actor_of(new_merchant("Other House")), **given, payment_method_token=own)
    assert (Payment.objects.count(), shop.balance) == (0, (0, 0))
