"""Many connections want one wallet's money: none gets more than there is, a limit leaves, or a freeze lets."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from rupai.core import ids
from rupai.core.errors import DomainError
from rupai.core.invariants import registered
from rupai.core.models import Event
from wallets.models import Entry, Transfer, Wallet, WalletTransfer
from wallets.services.accounts import forget_charts
from wallets.services.holds import capture_hold, hold_funds, release_hold
from wallets.services.limits import set_limits, set_overdraft
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import close_wallet, freeze_wallet, open_wallet
from wallets.tests.factories import Purse, has

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

THREADS = 16
# As many connections as the tests' PostgreSQL has room for, beside those of other tests.
MANY = 64


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


def together(works: list[Callable[[], object]], *, threads: int = THREADS) -> Counter[str]:
    """Do all of it on so many connections at once, and count what came of it: ``done``, or the code of the refusal."""

    def one(work: Callable[[], object]) -> str:
        try:
            work()
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(threads) as pool:
        return Counter(pool.map(one, works))


def sending(purse: Purse, source: Wallet, target: Wallet, amount: int = 1_00, **more: Any) -> Callable[[], object]:
    def send() -> object:
        return transfer_funds(
            actor=purse.actor,
            from_wallet_id=source.public_id,
            to_wallet_id=target.public_id,
            amount=amount,
            currency="INR",
            **more,
        )

    return send


def lowest(wallet: Wallet) -> int:
    """The least that a wallet's entries ever said was available, overdraft apart."""
    entries = Entry.objects.filter(account_id=wallet.account_id)
    counters = entries.values_list("credits_posted", "debits_posted", "debits_pending")
    return min(credits - debits - held for credits, debits, held in counters)


def broken() -> list[str]:
    return [rule.name for rule in registered() if rule.check()]


def test_two_hundred_transfers_out_of_a_wallet_that_affords_a_hundred(purse: Purse) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    results = together([sending(purse, source, target) for _ in range(200)], threads=MANY)
    assert results == {"done": 100, "insufficient_funds": 100}
    assert (has(source), has(target)) == ((0, 0), (100_00, 0))
    assert lowest(source) == 0
    assert WalletTransfer.objects.count() == 100
    assert Event.objects.filter(type="wallet.transferred").count() == 100
    assert broken() == []


def test_no_window_is_exceeded_by_transfers_and_holds_together(purse: Purse) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id}
    set_limits(**name, per_transaction=None, per_day=20_00, per_month=30_00)
    works: list[Callable[[], object]] = [sending(purse, source, target) for _ in range(30)]
    works += [lambda: hold_funds(**name, amount=1_00) for _ in range(30)]
    assert together(works) == {"done": 20, "limit_exceeded": 40}
    available, held = has(source)
    assert (available, held + has(target)[0]) == (80_00, 20_00)
    assert broken() == []


def test_transfers_that_cross_never_wait_in_a_circle(purse: Purse) -> None:
    wallets = [purse.wallet(50_00) for _ in range(4)]
    works: list[Callable[[], object]] = [
        sending(purse, source, target, 3_00)
        for _ in range(6)
        for source in wallets
        for target in wallets
        if source.pk != target.pk
    ]
    results = together(works)
    assert set(results) <= {"done", "insufficient_funds"}
    assert sum(has(wallet)[0] for wallet in wallets) == 200_00
    assert min(lowest(wallet) for wallet in wallets) >= 0
    assert broken() == []


def test_nothing_moves_after_a_freeze(purse: Purse) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id}
    works: list[Callable[[], object]] = [sending(purse, source, target) for _ in range(60)]
    works.insert(20, lambda: freeze_wallet(**name))
    results = together(works)
    assert results["wallet_frozen"] == 61 - results["done"]
    frozen = Event.objects.get(type="wallet.frozen")
    moved = Event.objects.filter(type="wallet.transferred")
    assert moved.count() == results["done"] - 1
    assert not moved.filter(inserted__gt=frozen.inserted).exists()
    assert has(target)[0] == moved.count() * 1_00
    assert broken() == []


def test_one_of_many_with_the_same_id_moves_money(purse: Purse) -> None:
    source, target = purse.wallet(100_00), purse.wallet()
    key = ids.new_key()
    results = together([sending(purse, source, target, 60_00, idempotency_id=key) for _ in range(16)])
    assert results == {"done": 16}
    assert (has(source), has(target)) == ((40_00, 0), (60_00, 0))
    assert Event.objects.filter(type="wallet.transferred").count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_hold_ends_once(purse: Purse, attempt: int) -> None:
    source = purse.wallet(100_00)
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id}
    name["hold_id"] = hold_funds(**name, amount=40_00).transfer.public_id
    works: list[Callable[[], object]] = [lambda: capture_hold(**name), lambda: release_hold(**name)] * 8
    assert together(works) == {"done": 1, "hold_already_resolved": 15}
    assert has(source) in {(60_00, 0), (100_00, 0)}
    assert broken() == []


def test_an_overdraft_taken_back_meanwhile_is_not_exceeded(purse: Purse) -> None:
    source, target = purse.wallet(10_00), purse.wallet()
    name: dict[str, Any] = {"actor": purse.actor, "wallet_id": source.public_id}
    set_overdraft(**name, overdraft_limit=20_00)
    works: list[Callable[[], object]] = [sending(purse, source, target) for _ in range(40)]
    works.insert(15, lambda: set_overdraft(**name, overdraft_limit=10_00))
    results = together(works)
    taken_back = not results["overdraft_in_use"]
    assert has(target)[0] == (20_00 if taken_back else 30_00)
    assert has(source) == (0, 0)
    assert broken() == []


def test_a_wallet_is_opened_once_and_closed_empty(purse: Purse) -> None:
    customer = purse.customer()
    opening: list[Callable[[], object]] = [
        lambda: open_wallet(actor=purse.actor, customer_id=customer.public_id, currency="INR")
    ] * 12
    assert together(opening) == {"done": 1, "wallet_exists": 11}
    wallet, source = Wallet.objects.get(customer=customer), purse.wallet(100_00)
    works: list[Callable[[], object]] = [sending(purse, source, wallet) for _ in range(20)]
    works.insert(6, lambda: close_wallet(actor=purse.actor, wallet_id=wallet.public_id))
    results = together(works)
    wallet.refresh_from_db()
    # Whoever came first: a closed wallet has nothing, and one that got money is open.
    assert (wallet.status == "closed") == (has(wallet) == (0, 0))
    assert results["wallet_closed"] in {0, 20}
    assert Transfer.objects.filter(credit_account_id=wallet.account_id).count() == has(wallet)[0] / 1_00
    assert broken() == []
