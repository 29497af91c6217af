"""Paying a merchant from a customer's own wallet: posted, held, given back, refused; always to the last paisa."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from payments.models import Payment, PaymentMethod
from payments.services.cancel import cancel_payment
from payments.services.capture import CaptureInParts, capture_payment
from payments.services.create import Wish, WrongPaymentMethod, create_payment
from payments.services.methods import save_method
from payments.services.refund import refund_payment
from payments.services.settle import settle_attempt
from payments.services.top_up import top_up_wallet
from payments.services.verify import verify_payment
from payments.tests.factories import Shop, new_customer
from rupai.core import clock, failpoints, ids
from rupai.core.errors import NotFound
from rupai.core.invariants import registered
from rupai.core.money import CurrencyMismatch, Money
from tests.places import sandbox_in_process
from wallets.models import Transfer, Wallet
from wallets.selectors import balance_of
from wallets.services.accounts import chart_accounts
from wallets.services.ledger import NewTransfer, post_transfers
from wallets.services.limits import set_limits
from wallets.services.wallets import freeze_wallet, open_wallet

pytestmark = pytest.mark.django_db


class Died(Exception):
    """Stands for the end of the process."""


class Payer(Shop):
    """A shop's customer with 100.00 rupees in a wallet, which is saved as a payment method."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.wallet: Wallet = open_wallet(actor=self.actor, customer_id=self.customer.public_id, currency="INR")
        self.chart = chart_accounts(merchant_id=self.merchant.pk, livemode=False, currency="INR")
        given = NewTransfer(
            id=ids.new_key(),
            debit_account=self.chart.provider_clearing,
            credit_account=self.wallet.account_id,
            amount=100_00,
            kind="top_up",
        )
        post_transfers(transfers=[given], at=clock.now())
        self.method: PaymentMethod = self.save(self.wallet)

    def save(self, wallet: Wallet) -> PaymentMethod:
        customer_id = self.customer.public_id
        return save_method(actor=self.actor, customer_id=customer_id, type="wallet", token=wallet.public_id)

    def buy(self, amount: int, *, currency: str = "INR", capture: str = "automatic") -> Payment:
        wish = Wish(
            money=Money(amount, currency),
            method="wallet",
            customer_id=self.customer.public_id,
            payment_method_token=self.method.public_id,
            capture=capture,
        )
        return create_payment(actor=self.actor, wish=wish)

    @property
    def books(self) -> tuple[int, int, int, int]:
        """What the wallet can spend and holds back, what the merchant is owed, and our fees."""
        wallet = balance_of(self.wallet.account_id)
        owed, fees = balance_of(self.chart.merchant_payable), balance_of(self.chart.fee_revenue)
        return wallet.available, wallet.pending, owed.posted, fees.posted


@pytest.fixture(autouse=True)
def sandbox() -> Iterator[None]:
    with sandbox_in_process():
        yield


@pytest.fixture
def payer() -> Payer:
    return Payer()


@pytest.fixture(autouse=True)
def books_hold(db: None) -> Iterator[None]:
    """Whatever a test does, the rules of the books hold afterwards."""
    yield
    broken = {rule.name: rule.check() for rule in registered() if rule.name in {"I1", "I2", "I3", "I4", "I6", "I7"}}
    assert {name: lines for name, lines in broken.items() if lines} == {}


def test_a_payment_moves_money_from_the_wallet_to_the_merchant(payer: Payer) -> None:
    payment = payer.buy(40_00)
    assert (payment.status, payment.provider, payment.amount_captured) == ("captured", "wallet", 40_00)
    assert payer.books == (60_00, 0, 39_24, 76)
    assert sorted(Transfer.objects.filter(reference=payment.public_id).values_list("kind", "amount")) == [
        ("capture", 40_00),
        ("fee", 76),
    ]


def test_more_than_the_wallet_has_is_declined_and_moves_nothing(payer: Payer) -> None:
    payment = payer.buy(100_01)
    assert (payment.status, payment.failure_code) == ("failed", "insufficient_funds")
    assert payer.books == (100_00, 0, 0, 0)
    assert not Transfer.objects.filter(reference=payment.public_id).exists()


def test_a_limit_and_a_frozen_wallet_are_declines_by_name(payer: Payer) -> None:
    limits = {"per_transaction": 10_00, "per_day": None, "per_month": None}
    set_limits(actor=payer.actor, wallet_id=payer.wallet.public_id, **limits)
    assert payer.buy(10_01).failure_code == "velocity_limit_exceeded"
    assert payer.buy(10_00).status == "captured"
    freeze_wallet(actor=payer.actor, wallet_id=payer.wallet.public_id)
    assert payer.buy(1_00).failure_code == "operation_not_allowed"
    assert payer.books[0] == 90_00


def test_an_authorisation_holds_the_money_until_it_is_captured(payer: Payer) -> None:
    payment = payer.buy(40_00, capture="manual")
    assert payment.status == "authorized"
    assert payer.books == (60_00, 40_00, 0, 0)
    with pytest.raises(CaptureInParts):
        capture_payment(actor=payer.actor, payment_id=payment.public_id, amount=39_99)
    assert payer.books == (60_00, 40_00, 0, 0)
    taken = capture_payment(actor=payer.actor, payment_id=payment.public_id)
    assert (taken.state, taken.payment.status) == ("succeeded", "captured")
    assert payer.books == (60_00, 0, 39_24, 76)


def test_a_cancelled_authorisation_gives_the_money_back(payer: Payer) -> None:
    payment = payer.buy(40_00, capture="manual")
    assert cancel_payment(actor=payer.actor, payment_id=payment.public_id).status == "cancelled"
    assert payer.books == (100_00, 0, 0, 0)


def test_a_refund_goes_back_into_the_wallet(payer: Payer) -> None:
    payment = payer.buy(40_00)
    payer.buy(20_00)
    refund = refund_payment(actor=payer.actor, payment_id=payment.public_id, amount=15_00)
    assert refund.state == "succeeded"
    assert payer.books == (55_00, 0, 60_00 - 15_00 - 1_14, 1_14)


def test_what_a_crash_left_before_the_closing_transaction_has_moved_nothing(
    payer: Payer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(point: str) -> None:
        if point == "authorize.after_call":
            raise Died(point)

    monkeypatch.setattr(failpoints, "hit", die)
    with pytest.raises(Died):
        payer.buy(40_00)
    monkeypatch.undo()
    [payment] = Payment.objects.all()
    [attempt] = payment.tries.all()
    assert (payment.status, payer.books) == ("processing", (100_00, 0, 0, 0))
    with clock.at(clock.now() + timedelta(minutes=6)):
        settle_attempt(attempt, actor=payer.actor)
    payment.refresh_from_db()
    assert (payment.status, payer.books) == ("failed", (100_00, 0, 0, 0))


def test_a_wallet_of_another_currency_or_person_is_refused(payer: Payer) -> None:
    with pytest.raises(CurrencyMismatch):
        payer.buy(10_00, currency="USD")
    stranger = new_customer(payer.actor)
    theirs = open_wallet(actor=payer.actor, customer_id=stranger.public_id, currency="INR")
    with pytest.raises(NotFound):
        payer.save(theirs)
    assert not Payment.objects.exists()
    assert PaymentMethod.objects.count() == 1


def test_a_wallet_is_not_filled_from_a_wallet(payer: Payer) -> None:
    with pytest.raises(WrongPaymentMethod):
        top_up_wallet(
            actor=payer.actor,
            wallet_id=payer.wallet.public_id,
            money=Money(10_00, "INR"),
            payment_method_token=payer.method.public_id,
        )
    assert payer.books == (100_00, 0, 0, 0)


def test_the_books_verify_a_payment_that_has_no_provider(payer: Payer) -> None:
    found = verify_payment(actor=payer.actor, payment_id=payer.buy(40_00).public_id)
    assert (found.verified, found.differences) == (True, [])
