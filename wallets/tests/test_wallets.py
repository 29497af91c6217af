"""Wallets are opened once, frozen, and closed only when nothing is in them."""

from typing import Any

import pytest

from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core.errors import NotFound, ScopeMissing, WrongState
from rupai.core.invariants import registered
from rupai.core.models import Event
from rupai.core.money import CurrencyMismatch, UnknownCurrency
from wallets.errors import AccountClosed, WalletClosed, WalletExists, WalletFrozen, WalletNotEmpty
from wallets.models import Account, Transfer, Wallet
from wallets.selectors import balance_of
from wallets.services.accounts import forget_charts
from wallets.services.holds import capture_hold, hold_funds, release_hold
from wallets.services.limits import set_overdraft
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import close_wallet, freeze_wallet, open_wallet, unfreeze_wallet
from wallets.states import AccountCode
from wallets.tests.factories import Purse, fund, has

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


def types(wallet: Wallet) -> list[str]:
    return list(Event.objects.filter(subject_id=wallet.public_id).order_by("inserted").values_list("type", flat=True))


def move(purse: Purse, source: Wallet, target: Wallet, amount: int = 1_00) -> None:
    transfer_funds(
        actor=purse.actor,
        from_wallet_id=source.public_id,
        to_wallet_id=target.public_id,
        amount=amount,
        currency="INR",
    )


def test_a_new_wallet_is_empty_and_has_an_account_of_its_own(purse: Purse) -> None:
    wallet = purse.wallet()
    account = Account.objects.get(pk=wallet.account_id)
    assert (account.code, account.owner_id, account.currency) == (AccountCode.CUSTOMER_WALLET, wallet.pk, "INR")
    assert account.debits_must_not_exceed_credits
    assert has(wallet) == (0, 0)
    [event] = Event.objects.filter(subject_id=wallet.public_id)
    assert (event.type, event.changes) == ("wallet.created", {"status": [None, "active"]})
    assert event.data == wallet.public()


def test_a_customer_has_one_open_wallet_per_currency(purse: Purse) -> None:
    customer = purse.customer()
    first = purse.wallet(customer=customer)
    purse.wallet(customer=customer, currency="USD")
    accounts = Account.objects.count()
    with pytest.raises(WalletExists) as refused:
        purse.wallet(customer=customer)
    assert refused.value.details == {"wallet": first.public_id}
    assert (Wallet.objects.count(), Account.objects.count()) == (2, accounts)
    close_wallet(actor=purse.actor, wallet_id=first.public_id)
    assert purse.wallet(customer=customer).pk != first.pk


def test_what_cannot_have_a_wallet(purse: Purse) -> None:
    stranger = Purse()
    with pytest.raises(NotFound):
        open_wallet(actor=stranger.actor, customer_id=purse.customer().public_id, currency="INR")
    with pytest.raises(UnknownCurrency):
        purse.wallet(currency="XAU")
    reader = owner_of(purse.merchant, scopes=frozenset({"wallets:read", "wallets:transfer"}))
    with pytest.raises(ScopeMissing):
        open_wallet(actor=reader, customer_id=purse.customer().public_id, currency="INR")
    assert not Wallet.objects.exists()


def test_a_freeze_stops_money_and_lets_holds_go(purse: Purse) -> None:
    wallet, other = purse.wallet(10_00), purse.wallet(10_00)
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": wallet.public_id}
    held = [hold_funds(**name, amount=1_00).transfer.public_id for _ in range(2)]
    freeze_wallet(**name)
    moved = Transfer.objects.count()
    with pytest.raises(WalletFrozen):
        move(purse, wallet, other)
    with pytest.raises(WalletFrozen):
        move(purse, other, wallet)
    with pytest.raises(WalletFrozen):
        hold_funds(**name, amount=1_00)
    with pytest.raises(WalletFrozen):
        capture_hold(**name, hold_id=held[0])
    for moving in (freeze_wallet, close_wallet):
        with pytest.raises(WrongState):
            moving(**name)
    assert Transfer.objects.count() == moved
    assert release_hold(**name, hold_id=held[0]).public()["status"] == "released"
    assert has(wallet) == (9_00, 1_00)
    unfreeze_wallet(**name)
    capture_hold(**name, hold_id=held[1])
    move(purse, wallet, other)
    assert has(wallet) == (8_00, 0)
    assert types(wallet) == [
        "wallet.created",
        "wallet.held",
        "wallet.held",
        "wallet.frozen",
        "wallet.released",
        "wallet.unfrozen",
        "wallet.hold_captured",
        "wallet.transferred",
    ]


def test_a_closed_wallet_stays_closed_and_so_does_its_account(purse: Purse) -> None:
    wallet, other = purse.wallet(), purse.wallet(10_00)
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": wallet.public_id}
    close_wallet(**name)
    assert balance_of(wallet.account_id).closed
    for source, target in ((wallet, other), (other, wallet)):
        with pytest.raises(WalletClosed):
            move(purse, source, target)
    with pytest.raises(WalletClosed):
        hold_funds(**name, amount=1)
    for moving in (freeze_wallet, unfreeze_wallet, close_wallet):
        with pytest.raises(WrongState):
            moving(**name)
    with pytest.raises(AccountClosed):
        fund(wallet, 1)
    assert has(other) == (10_00, 0)
    assert [rule.name for rule in registered() if rule.check()] == []


def test_a_wallet_with_money_or_holds_is_not_closed(purse: Purse) -> None:
    wallet, other = purse.wallet(10_00), purse.wallet()
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": wallet.public_id}
    with pytest.raises(WalletNotEmpty) as refused:
        close_wallet(**name)
    assert refused.value.details["balance"] == 10_00
    set_overdraft(**name, overdraft_limit=5_00)
    move(purse, wallet, other, 10_00)
    held = hold_funds(**name, amount=5_00).transfer.public_id
    with pytest.raises(WalletNotEmpty) as refused:
        close_wallet(**name)
    assert (refused.value.details["balance"], refused.value.details["held"]) == (0, 5_00)
    release_hold(**name, hold_id=held)
    assert close_wallet(**name).status == "closed"


def test_another_merchant_finds_no_wallet(purse: Purse) -> None:
    wallet, stranger = purse.wallet(10_00), owner_of(new_merchant())
    live = owner_of(purse.merchant, livemode=True)
    before = Event.objects.count()
    for actor in (stranger, live):
        for work in (freeze_wallet, unfreeze_wallet, close_wallet):
            with pytest.raises(NotFound):
                work(actor=actor, wallet_id=wallet.public_id)
        with pytest.raises(NotFound):
            hold_funds(actor=actor, wallet_id=wallet.public_id, amount=1)
    with pytest.raises(NotFound):
        move(Purse(), wallet, purse.wallet())
    wallet.refresh_from_db()
    assert (wallet.status, has(wallet)) == ("active", (10_00, 0))
    assert Event.objects.filter(merchant_id=purse.merchant.pk).count() == before + 2


def test_currencies_do_not_mix(purse: Purse) -> None:
    rupees, dollars = purse.wallet(10_00), purse.wallet(10_00, currency="USD")
    with pytest.raises(CurrencyMismatch):
        move(purse, rupees, dollars)
    with pytest.raises(CurrencyMismatch):
        move(purse, dollars, rupees)
    assert (has(rupees), has(dollars)) == ((10_00, 0), (10_00, 0))
