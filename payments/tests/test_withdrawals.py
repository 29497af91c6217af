"""Withdrawals: held, asked for once, and posted or given back by what the provider says, whenever it says it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from payments.models import Payout, ProviderAccount
from payments.routing.policy import NoRoute
from payments.sandbox.acquirer import Acquirer
from payments.services import janitor
from payments.services.create import LiveModeOff
from payments.services.settle import settle_payout
from payments.services.withdraw import send_payout, withdraw
from payments.states import NEXT_PAYOUT, PayoutState
from payments.tests.factories import Shop, actor_of, new_customer, new_merchant
from payments.tests.wallets import WalletShop, assert_invariants, payouts_at
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, NotFound, ScopeMissing, WrongState
from rupai.core.money import CurrencyMismatch, Money
from wallets.errors import InsufficientFunds, LimitExceeded, WalletClosed, WalletFrozen
from wallets.models import Wallet
from wallets.services import limits, wallets
from wallets.states import AccountCode

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(acquirer: Acquirer) -> WalletShop:
    """A wallet with 100.00 rupees."""
    made = WalletShop()
    made.top_up(10_000)
    return made


def sweep_in(minutes: int) -> None:
    with clock.at(clock.now() + timedelta(minutes=minutes)):
        janitor.sweep()


def test_a_withdrawal_leaves_the_wallet_and_the_clearing_account(shop: WalletShop, acquirer: Acquirer) -> None:
    payout = shop.withdraw(4_000)
    assert (payout.state, payout.status, payout.provider) == ("paid", "paid", "sandbox")
    assert payouts_at(acquirer) == [(payout.public_id, 4_000, "paid")]
    assert shop.balance == (6_000, 0)
    assert shop.holds(AccountCode.PROVIDER_CLEARING) == 6_000
    assert shop.told("payout") == [("payout.created", [None, "processing"]), ("payout.paid", ["processing", "paid"])]
    assert_invariants()


def test_where_the_money_goes_is_sealed_and_not_shown(shop: WalletShop) -> None:
    payout = shop.withdraw(to="bank_success")
    assert Payout.objects.get().destination_token == "bank_success"
    assert "bank_success" not in str(payout.public())


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("bank_declined_account_closed", "account_closed_or_invalid"),
        ("bank_declined_refused", "operation_not_allowed"),
        ("bank_nowhere", "account_closed_or_invalid"),
    ],
)
def test_a_declined_withdrawal_is_back_in_the_wallet(shop: WalletShop, to: str, code: str) -> None:
    payout = shop.withdraw(to=to)
    assert (payout.status, payout.failure_code) == ("failed", code)
    assert payout.public()["failure"]["code"] == code
    assert shop.balance == (10_000, 0)
    assert shop.told("payout")[-1] == ("payout.failed", ["processing", "failed"])
    assert_invariants()


def test_a_pending_payout_is_settled_by_the_janitor(shop: WalletShop) -> None:
    payout = shop.withdraw(to="bank_pending")
    assert (payout.state, payout.status) == ("pending", "processing")
    assert shop.balance == (6_000, 4_000)
    sweep_in(6)
    payout.refresh_from_db()
    assert payout.status == "paid"
    assert shop.balance == (6_000, 0)
    assert_invariants()


def test_a_payout_that_comes_back_later_is_in_the_wallet_again(shop: WalletShop) -> None:
    payout = shop.withdraw(to="bank_pending_then_decline")
    sweep_in(6)
    payout.refresh_from_db()
    assert (payout.status, payout.failure_code) == ("failed", "account_closed_or_invalid")
    assert shop.balance == (10_000, 0)
    assert_invariants()


@pytest.mark.parametrize("fault", ["timeout", "drop", "error"])
@pytest.mark.parametrize(
    ("place", "status", "left", "booked"), [("before", "failed", 10_000, 0), ("after", "paid", 6_000, 1)]
)
def test_a_lost_answer_is_asked_about_and_never_paid_twice(
    shop: WalletShop, acquirer: Acquirer, fault: str, place: str, status: str, left: int, booked: int
) -> None:
    payout = shop.withdraw(to=f"bank_{fault}_{place}")
    assert (payout.state, payout.status) == ("unknown", "processing")
    assert shop.balance == (6_000, 4_000)
    sweep_in(1)
    assert Payout.objects.get().state == "unknown", "it is not asked about before its time"
    sweep_in(6)
    payout.refresh_from_db()
    assert (payout.status, payout.next_sync_at) == (status, None)
    assert shop.balance == (left, 0)
    assert len(payouts_at(acquirer)) == booked
    assert_invariants()


def test_a_payout_that_was_never_heard_of_is_not_given_up_at_once(shop: WalletShop) -> None:
    payout = shop.withdraw(to="bank_timeout_before")
    assert settle_payout(payout, actor=shop.actor).state == "unknown"
    with clock.at(clock.now() + timedelta(seconds=31)):
        assert settle_payout(payout, actor=shop.actor).state == "failed"


def test_sending_again_pays_once(shop: WalletShop, acquirer: Acquirer) -> None:
    payout = shop.withdraw()
    assert send_payout(payout, actor=shop.actor).state == "paid"
    assert len(payouts_at(acquirer)) == 1
    assert shop.balance == (6_000, 0)
    assert [name for name, _ in shop.told("payout")] == ["payout.created", "payout.paid"]


def test_a_provider_that_paid_another_amount_is_left_to_a_person(shop: WalletShop, acquirer: Acquirer) -> None:
    payout = shop.withdraw(to="bank_timeout_after")
    [book] = acquirer.book.accounts.values()
    [booked] = book.payouts.values()
    booked.amount = 4_001
    sweep_in(6)
    payout.refresh_from_db()
    assert (payout.state, payout.failure_message) == ("unknown", "Asked for 4000, the provider paid 4001")
    assert shop.balance == (6_000, 4_000), "the hold stays"


def test_an_accepted_payout_that_the_provider_forgot_is_not_given_back(shop: WalletShop, acquirer: Acquirer) -> None:
    payout = shop.withdraw(to="bank_pending")
    [book] = acquirer.book.accounts.values()
    book.payouts_by_reference.clear()
    sweep_in(6)
    payout.refresh_from_db()
    assert (payout.state, payout.syncs) == ("pending", 1)
    assert shop.balance == (6_000, 4_000)


REFUSALS: list[tuple[str, Callable[[WalletShop], object], int, type[DomainError]]] = [
    ("frozen", lambda shop: wallets.freeze_wallet(actor=shop.actor, wallet_id=shop.wallet.public_id), 1, WalletFrozen),
    ("too much", lambda _: None, 10_001, InsufficientFunds),
    ("held already", lambda shop: shop.withdraw(to="bank_pending"), 6_001, InsufficientFunds),
    ("above a limit", lambda shop: _limit(shop, per_transaction=3_000), 3_001, LimitExceeded),
    ("above the day", lambda shop: (_limit(shop, per_day=5_000).pk, shop.withdraw(4_000).pk), 1_001, LimitExceeded),
]


def _limit(shop: WalletShop, **given: int) -> Wallet:
    none: dict[str, int | None] = {"per_transaction": None, "per_day": None, "per_month": None}
    return limits.set_limits(actor=shop.actor, wallet_id=shop.wallet.public_id, **{**none, **given})


@pytest.mark.parametrize(
    ("before", "amount", "refusal"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_a_refused_withdrawal_holds_nothing_and_asks_nobody(
    shop: WalletShop,
    acquirer: Acquirer,
    before: Callable[[WalletShop], object],
    amount: int,
    refusal: type[DomainError],
) -> None:
    before(shop)
    balance, made = shop.balance, payouts_at(acquirer)
    with pytest.raises(refusal):
        shop.withdraw(amount)
    assert (shop.balance, payouts_at(acquirer), Payout.objects.count()) == (balance, made, len(made))
    assert_invariants()


def test_a_closed_wallet_pays_nothing_out(acquirer: Acquirer) -> None:
    shop = WalletShop()
    wallets.close_wallet(actor=shop.actor, wallet_id=shop.wallet.public_id)
    with pytest.raises(WalletClosed):
        shop.withdraw(1)


def test_other_currencies_scopes_merchants_and_modes_are_refused(shop: WalletShop, acquirer: Acquirer) -> None:
    wallet, rupees = shop.wallet.public_id, Money(100, "INR")
    scopes = shop.actor.scopes - {"wallets:withdraw"}
    with pytest.raises(ScopeMissing):
        withdraw(
            actor=Actor("key", "k", shop.merchant.pk, False, scopes),
            wallet_id=wallet,
            money=rupees,
            destination="bank_success",
        )
    with pytest.raises(CurrencyMismatch):
        withdraw(actor=shop.actor, wallet_id=wallet, money=Money(100, "USD"), destination="bank_success")
    stranger = actor_of(new_merchant("Other House"))
    for other in (stranger, actor_of(shop.merchant, livemode=True)):
        with pytest.raises(NotFound):
            withdraw(actor=other, wallet_id=wallet, money=rupees, destination="bank_success")
    assert (Payout.objects.count(), shop.balance) == (0, (10_000, 0))


def test_real_money_waits_until_the_platform_allows_it(acquirer: Acquirer) -> None:
    live = actor_of(Shop().merchant, livemode=True)
    wallet = wallets.open_wallet(actor=live, customer_id=new_customer(live).public_id, currency="INR")
    with pytest.raises(LiveModeOff):
        withdraw(actor=live, wallet_id=wallet.public_id, money=Money(1, "INR"), destination="bank_success")


def test_without_an_account_that_pays_out_there_is_no_route(shop: WalletShop) -> None:
    ProviderAccount.objects.filter(merchant_id=shop.merchant.pk).update(enabled=False)
    with pytest.raises(NoRoute):
        shop.withdraw()
    assert shop.balance == (10_000, 0)


def test_a_retry_after_a_crash_settles_what_was_begun(shop: WalletShop, acquirer: Acquirer) -> None:
    key = Payout().pk
    lost = shop.withdraw(to="bank_timeout_after", idempotency_id=key)
    again = shop.withdraw(to="bank_timeout_after", idempotency_id=key, resumed=True)
    assert (again.pk, again.status) == (lost.pk, "paid")
    assert (len(payouts_at(acquirer)), shop.balance) == (1, (6_000, 0))


def test_an_ended_payout_never_moves() -> None:
    for state in (PayoutState.PAID, PayoutState.FAILED):
        assert NEXT_PAYOUT[state] == frozenset()
        with pytest.raises(WrongState):
            Payout(state=state).move_to(PayoutState.PENDING)
