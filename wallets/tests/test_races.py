"""Many connections at once: nothing is lost, doubled or overdrawn, and nobody waits in a circle."""

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import TypeVar
from uuid import UUID

import pytest
from django.db import connections, transaction

from rupai.core import ids
from rupai.core.invariants import registered
from wallets.models import Account, Entry, Hold, Transfer
from wallets.selectors import balance_of, balances_of
from wallets.services.accounts import Chart, chart_accounts, forget_charts
from wallets.services.ledger import (
    NewTransfer,
    linked,
    pending,
    post_pending,
    post_transfers,
    void_pending,
)
from wallets.tests.conftest import NOON, new_wallet, transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

T = TypeVar("T")
THREADS = 16
# As many connections as the tests' PostgreSQL has room for, beside those of other tests.
MANY = 64


def together(work: Callable[[int], T], times: int, *, threads: int = THREADS) -> list[T]:
    """Do work so many times, on so many connections at once."""

    def one(number: int) -> T:
        try:
            return work(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(times)))


def post(*transfers: NewTransfer) -> list[str]:
    with transaction.atomic():
        return [one.result for one in post_transfers(transfers=transfers, at=NOON, refuse=False)]


def clean() -> dict[str, list[str]]:
    return {rule.name: rule.check() for rule in registered() if rule.name in ("I1", "I2", "I3", "I7")}


ALL_CLEAN: dict[str, list[str]] = {"I1": [], "I2": [], "I3": [], "I7": []}


def test_two_hundred_transfers_out_of_a_wallet_that_affords_a_hundred(chart: Chart, wallet: UUID) -> None:
    post(transfer(chart.provider_clearing, wallet, 100_00))
    results = together(lambda _: post(transfer(wallet, chart.merchant_payable, 1_00))[0], 200, threads=MANY)
    assert Counter(results) == {"created": 100, "exceeds_credits": 100}
    assert balance_of(wallet).available == 0
    assert balance_of(chart.merchant_payable).posted == 100_00
    entries = Entry.objects.filter(account_id=wallet).values_list("credits_posted", "debits_posted", "debits_pending")
    assert min(credits - debits - held for credits, debits, held in entries) == 0
    assert clean() == ALL_CLEAN


def test_transfers_that_cross_each_other_never_deadlock(chart: Chart) -> None:
    wallets = [new_wallet(chart) for _ in range(6)]
    for wallet in wallets:
        post(transfer(chart.provider_clearing, wallet, 1_000_00))

    def cross(number: int) -> list[str]:
        dice = random.Random(number)
        pairs = [dice.sample(wallets, 2) for _ in range(8)]
        return post(*(transfer(debit, credit, dice.randint(0, 50_00)) for debit, credit in pairs))

    results = Counter(result for batch in together(cross, 64) for result in batch)
    assert set(results) <= {"created", "exceeds_credits"}
    assert sum(balance.posted for balance in balances_of(wallets).values()) == 6_000_00
    assert clean() == ALL_CLEAN


def test_the_same_transfer_from_many_connections_moves_money_once(chart: Chart) -> None:
    gross = linked(transfer(chart.provider_clearing, chart.merchant_payable, 100_00))
    fee = transfer(chart.merchant_payable, chart.fee_revenue, 1_90, kind="fee")

    def capture(_: int) -> tuple[str, ...]:
        with transaction.atomic():
            return tuple(one.result for one in post_transfers(transfers=[gross, fee], at=NOON))

    assert Counter(together(capture, 32)) == {("created", "created"): 1, ("exists", "exists"): 31}
    assert balance_of(chart.merchant_payable).posted == 98_10
    assert clean() == ALL_CLEAN


@pytest.mark.parametrize("attempt", range(3))
def test_a_hold_is_posted_or_voided_by_one_connection(chart: Chart, attempt: int) -> None:
    held = pending(transfer(chart.merchant_payable, chart.provider_clearing, 10_00, kind="refund"))
    post(held)

    def end(number: int) -> str:
        ends = post_pending if number % 2 else void_pending
        return post(ends(held.id, key=ids.new_key()))[0]

    assert Counter(together(end, 16))["created"] == 1
    assert Hold.objects.get(pk=held.id).state in ("posted", "voided")
    assert clean() == ALL_CLEAN


def test_a_chart_is_opened_once_by_many_connections() -> None:
    merchant = ids.new_key()

    def find(_: int) -> Chart:
        forget_charts()
        return chart_accounts(merchant_id=merchant, livemode=True, currency="EUR")

    assert len(set(together(find, 32))) == 1
    assert Account.objects.filter(merchant_id=merchant).count() == 8
    assert clean() == ALL_CLEAN


def _random_transfers(accounts: list[UUID], hot: list[UUID], seed: int, count: int) -> Counter[str]:
    """Post random transfers between accounts, each with one side in a hot account when there are any."""
    dice = random.Random(seed)
    results: Counter[str] = Counter()
    holds: list[UUID] = []
    for _ in range(count):
        debit, credit = _pair(dice, accounts, hot)
        new = transfer(debit, credit, dice.randint(0, 100))
        match dice.randrange(4):
            case 0:
                holds.append(new.id)
                new = pending(new)
            case 1 if holds:
                ends = dice.choice([post_pending, void_pending])
                new = ends(holds.pop(), key=new.id)
            case _:
                pass
        results.update(post(new))
    connections.close_all()
    return results


def _pair(dice: random.Random, accounts: list[UUID], hot: list[UUID]) -> list[UUID]:
    if not hot:
        return dice.sample(accounts, 2)
    pair = [dice.choice(hot), dice.choice(accounts)]
    dice.shuffle(pair)
    return pair


@pytest.mark.parametrize("hot", [False, True], ids=["wallets", "hot account"])
@pytest.mark.parametrize(
    ("processes", "count"), [(4, 50), pytest.param(8, 2_000, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_processes_with_random_transfers_lose_nothing(chart: Chart, processes: int, count: int, hot: bool) -> None:
    wallets = [new_wallet(chart, overdraft_limit=500) for _ in range(18 if hot else 20)]
    hot_accounts = [chart.provider_clearing, chart.merchant_payable] if hot else []
    # Each process opens its own connection.
    connections.close_all()
    with ProcessPoolExecutor(processes, mp_context=get_context("fork")) as pool:
        work = [pool.submit(_random_transfers, wallets, hot_accounts, seed, count) for seed in range(processes)]
        results = sum((one.result() for one in work), Counter[str]())
    assert results.total() == processes * count
    assert set(results) <= {"created", "exceeds_credits", "pending_transfer_not_found"}
    assert Transfer.objects.count() == results["created"]
    assert clean() == ALL_CLEAN
