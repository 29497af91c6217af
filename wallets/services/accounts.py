"""Open accounts, and find the accounts of a merchant's chart quickly."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from rupai.core import clock, ids
from wallets.errors import AccountRefused
from wallets.models import Account
from wallets.states import NIL, AccountCode, AccountFlag, ledger_of

# Rows of counters of an account that many connections post to at once; see ``bench/ledger.py`` for what it buys.
HOT_SHARDS = 16
# The merchant's own accounts; customer wallets are opened one by one, each with its owner and its limit.
CHART = tuple(code for code in AccountCode if code is not AccountCode.CUSTOMER_WALLET)
MOST_CACHED = 10_000
NO_FLAGS = AccountFlag(0)
_OPEN = """
    SELECT wallets_open(%s, %s::uuid[], %s::uuid[], %s::boolean[], %s::integer[], %s::text[], %s::integer[], %s::uuid[],
        %s::integer[], %s::bigint[], %s::integer[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to open; ``id`` is the caller's and makes it idempotent. Only accounts without a limit have shards."""

    merchant_id: UUID
    livemode: bool
    currency: str
    code: int
    ledger: int
    id: UUID = field(default_factory=ids.new_key)
    owner_id: UUID | None = None
    flags: AccountFlag = NO_FLAGS
    overdraft_limit: int = 0
    shards: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Keys of a merchant's own accounts in one mode and currency."""

    merchant_id: UUID
    livemode: bool
    currency: str
    ledger: int
    provider_clearing: UUID
    bank: UUID
    merchant_payable: UUID
    fee_revenue: UUID
    provider_fees: UUID
    fx_liquidity: UUID
    reserve: UUID
    suspense: UUID


def open_accounts(*, accounts: Sequence[NewAccount], at: datetime) -> list[str]:
    """Open accounts and return the ledger's result for each, in order: ``created``, ``exists`` or a refusal."""
    columns: list[list[Any]] = [
        [new.id for new in accounts],
        [new.merchant_id for new in accounts],
        [new.livemode for new in accounts],
        [new.ledger for new in accounts],
        [new.currency for new in accounts],
        [new.code for new in accounts],
        [new.owner_id or NIL for new in accounts],
        [int(new.flags) for new in accounts],
        [new.overdraft_limit for new in accounts],
        [new.shards for new in accounts],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [at, *columns])
        return list(cursor.fetchone()[0] or [])


def open_account(
    *,
    merchant_id: UUID,
    livemode: bool,
    currency: str,
    code: AccountCode,
    owner_id: UUID | None = None,
    overdraft_limit: int = 0,
    at: datetime | None = None,
) -> Account:
    """Open the account of one place in the chart, or find it open.

    A customer's wallet can spend only what it has, plus ``overdraft_limit`` minor units; the merchant's own accounts
    have no limit and are sharded.

    :raises UnknownCurrency: for a currency that cannot be paid in.
    :raises AccountRefused: when the ledger does not open it.
    """
    wallet = code is AccountCode.CUSTOMER_WALLET
    place = {"merchant_id": merchant_id, "livemode": livemode, "currency": currency, "code": code, "owner_id": owner_id}
    found = Account.objects.filter(**place).first()
    if found:
        return found
    new = NewAccount(
        merchant_id=merchant_id,
        livemode=livemode,
        currency=currency,
        code=code,
        ledger=ledger_of(currency, livemode=livemode),
        owner_id=owner_id,
        flags=AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS if wallet else NO_FLAGS,
        overdraft_limit=overdraft_limit,
        shards=1 if wallet else HOT_SHARDS,
    )
    [result] = open_accounts(accounts=[new], at=at or clock.now())
    if result not in {"created", "place_already_taken"}:
        raise AccountRefused(f"The ledger did not open the account: {result}", result=result)
    return Account.objects.get(**place)


_charts: dict[tuple[UUID, bool, str], Chart] = {}


def chart_accounts(*, merchant_id: UUID, livemode: bool, currency: str) -> Chart:
    """Find the merchant's own accounts in a currency, and open them the first time. Cheap: no query once known.

    :raises UnknownCurrency: for a currency that cannot be paid in.
    """
    place = (merchant_id, livemode, currency)
    if place in _charts:
        return _charts[place]
    found = _find_chart(*place)
    if len(found) < len(CHART):
        _open_chart(*place)
        found = _find_chart(*place)
    chart = Chart(
        merchant_id=merchant_id,
        livemode=livemode,
        currency=currency,
        ledger=ledger_of(currency, livemode=livemode),
        **{AccountCode(code).name.lower(): key for code, key in found.items()},
    )
    # Remembered only once it is sure to stay: a rollback takes newly opened accounts back.
    transaction.on_commit(lambda: _remember(place, chart))
    return chart


def forget_charts() -> None:
    """Drop the remembered charts: the database may be another one, or have been emptied."""
    _charts.clear()


def _remember(place: tuple[UUID, bool, str], chart: Chart) -> None:
    if len(_charts) >= MOST_CACHED:
        forget_charts()
    _charts[place] = chart


def _find_chart(merchant_id: UUID, livemode: bool, currency: str) -> dict[int, UUID]:
    accounts = Account.objects.filter(
        merchant_id=merchant_id, livemode=livemode, currency=currency, owner_id=None, code__in=CHART
    )
    return dict(accounts.values_list("code", "id"))


def _open_chart(merchant_id: UUID, livemode: bool, currency: str) -> None:
    ledger = ledger_of(currency, livemode=livemode)
    new = [
        NewAccount(
            merchant_id=merchant_id, livemode=livemode, currency=currency, code=code, ledger=ledger, shards=HOT_SHARDS
        )
        for code in CHART
    ]
    # Another process may open the same chart at the same time; the database lets one of the two win each place.
    open_accounts(accounts=new, at=clock.now())
