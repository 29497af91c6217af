"""The books of the ledger's benchmark: its accounts, and what it does through Django."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

ACCOUNTS = 10_000
NAIVE, SHARDED = ACCOUNTS + 1, ACCOUNTS + 2
BALANCE_MS = 2.0


def open_accounts() -> None:
    from rupai.core import clock
    from wallets.services import accounts
    from wallets.services.accounts import HOT_SHARDS, NewAccount

    def account(number: int, shards: int = 1) -> NewAccount:
        key = _account(number)
        return NewAccount(
            id=key,
            merchant_id=UUID(int=1),
            livemode=True,
            currency="INR",
            code=4,
            ledger=356,
            owner_id=key,
            shards=shards,
        )

    for first in range(1, ACCOUNTS + 1, 1000):
        accounts.open_accounts(accounts=[account(number) for number in range(first, first + 1000)], at=clock.now())
    accounts.open_accounts(accounts=[account(NAIVE), account(SHARDED, HOT_SHARDS)], at=clock.now())


def _account(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def _pair(number: int) -> tuple[int, int]:
    """Two different accounts, spread over all of them; 7919 is a prime."""
    place = number * 7919
    return place % ACCOUNTS + 1, (place + 1 + number % (ACCOUNTS - 1)) % ACCOUNTS + 1


def service(seconds: float, *, size: int) -> tuple[float, float]:
    """Post through Django for some seconds; return transfers a second and client CPU seconds per transfer."""
    from django.db import transaction

    from rupai.core import clock, ids
    from wallets.services.ledger import NewTransfer, post_transfers

    count, began, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        pairs = [_pair(number) for number in range(count, count + size)]
        new = [
            NewTransfer(
                id=ids.new_key(),
                debit_account=_account(debit),
                credit_account=_account(credit),
                amount=100,
                kind="capture",
                reference="pay_0351ggHX7jlrBr1d4iUMZL",
            )
            for debit, credit in pairs
        ]
        with transaction.atomic():
            post_transfers(transfers=new, at=clock.now())
        count += size
    return count / (time.perf_counter() - began), (time.process_time() - cpu) / count


def read(entries: int) -> None:
    """Time the readers of one account with so many entries."""
    from datetime import timedelta

    from django.db import transaction

    from rupai.core import clock, ids
    from rupai.core.actor import Actor
    from wallets.models import Account
    from wallets.selectors import balance_at, balance_of, position_of, statement
    from wallets.services.ledger import NewTransfer, post_transfers

    began = clock.now()
    for number in range(entries // 1000):
        key = _account(SHARDED if number % 2 else NAIVE)
        new = [
            NewTransfer(id=ids.new_key(), debit_account=_account(1), credit_account=key, amount=1, kind="capture")
            for _ in range(2000)
        ]
        with transaction.atomic():
            post_transfers(transfers=new, at=began + timedelta(seconds=number))
    actor = Actor.platform("bench")
    middle = began + timedelta(seconds=entries // 2000)
    print(f"Reading an account of {entries} entries and more: ms, median of 50")
    for name, number in (("one row", NAIVE), ("16 shards", SHARDED)):
        account = Account.objects.get(pk=_account(number))
        deep = position_of(statement(actor=actor, account=account.public_id, limit=entries // 2)[-1].entry)
        page = partial(statement, actor=actor, account=account.public_id)
        figures = {
            "balance": _milliseconds(partial(balance_of, account.pk)),
            "balance at a moment": _milliseconds(partial(balance_at, account, middle)),
            "first page of 50": _milliseconds(page),
            "deep page of 50": _milliseconds(partial(page, before=deep)),
        }
        print(f"{name:<12}" + "  ".join(f"{what} {value:.2f}" for what, value in figures.items()))
        balance = figures["balance"]
        met = "met" if balance <= BALANCE_MS else "missed"
        print(f"{name:<12}balance read {balance:.2f} ms (goal <= {BALANCE_MS:.0f} ms: {met})")
    print()


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(50):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def check() -> None:
    """Run the ledger's invariants over all that was written."""
    from rupai.core.invariants import registered

    for rule in registered():
        if rule.name in {"I1", "I2", "I3", "I7"}:
            began = time.perf_counter()
            broken = rule.check()
            print(f"{rule.name}: {broken or 'clean'} in {time.perf_counter() - began:.1f} s")
