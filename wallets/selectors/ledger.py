"""Read the ledger: balances, now and at a moment, and an account's entries. Readers add up the shards of an account."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet
from wallets.models import Account, Entry, Transfer
from wallets.states import DEBIT_NORMAL, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The numbers of an account, in minor units of its currency."""

    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    overdraft_limit: int = 0
    closed: bool = False
    debit_normal: bool = False

    @property
    def posted(self) -> int:
        """What the account holds, positive on its normal side."""
        net = self.credits_posted - self.debits_posted
        return -net if self.debit_normal else net

    @property
    def pending(self) -> int:
        """What is held and would leave the account."""
        return self.credits_pending if self.debit_normal else self.debits_pending

    @property
    def available(self) -> int:
        """What can leave it now; money that is only on its way in does not count."""
        return self.posted - self.pending + self.overdraft_limit


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement: an entry, and what the account held right after it, positive on its normal side."""

    entry: Entry
    posted: int


Position = tuple[datetime, int, int]


def accounts(*, actor: Actor) -> RowQuerySet[Account]:
    """The accounts that an actor may see."""
    return Account.objects.visible_to(actor)


def transfers(*, actor: Actor) -> RowQuerySet[Transfer]:
    """The transfers that an actor may see; both accounts of a transfer are always one merchant's."""
    return Transfer.objects.visible_to(actor)


_NOW = """
    SELECT c.account_id, a.code, sum(c.debits_pending), sum(c.debits_posted),
           sum(c.credits_pending), sum(c.credits_posted),
           coalesce(max(c.debits_may_exceed_by), max(c.credits_may_exceed_by), 0), bool_or(c.closed)
    FROM wallets_counters c JOIN wallets_account a ON a.id = c.account_id
    WHERE c.account_id = ANY (%s::uuid[]) GROUP BY c.account_id, a.code
"""


def balances_of(accounts: Iterable[UUID]) -> dict[UUID, Balance]:
    """Read the present balances of accounts with one query; unknown keys are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW, [list(accounts)])
        return {
            key: _balance(counters, code=code, overdraft_limit=overdraft_limit, closed=closed)
            for key, code, *counters, overdraft_limit, closed in cursor.fetchall()
        }


def balance_of(account: UUID) -> Balance:
    """Read the present balance of one account; an unknown one has nothing."""
    return balances_of([account]).get(account, Balance())


def _balance(counters: Sequence[Any], *, code: int, overdraft_limit: int = 0, closed: bool = False) -> Balance:
    debits_pending, debits_posted, credits_pending, credits_posted = map(int, counters)
    return Balance(
        debits_pending=debits_pending,
        debits_posted=debits_posted,
        credits_pending=credits_pending,
        credits_posted=credits_posted,
        overdraft_limit=overdraft_limit,
        closed=closed,
        debit_normal=code in DEBIT_NORMAL,
    )


# The last entry of each shard at or before a position; a shard's counters are those of its last entry.
_AT = """
    SELECT coalesce(sum(e.debits_pending), 0), coalesce(sum(e.debits_posted), 0),
           coalesce(sum(e.credits_pending), 0), coalesce(sum(e.credits_posted), 0)
    FROM wallets_counters c CROSS JOIN LATERAL (
        SELECT * FROM wallets_entry e
        WHERE e.account_id = c.account_id AND e.shard = c.shard
          AND (e.created_at, e.shard, e.version) <= (%s, %s::smallint, %s::bigint)
        ORDER BY e.created_at DESC, e.version DESC LIMIT 1
    ) e
    WHERE c.account_id = %s
"""
_LAST_OF_MOMENT = (2**15 - 1, 2**63 - 1)


def balance_at(account: Account, moment: datetime) -> Balance:
    """Read the balance an account had at a moment, entries of that very moment included."""
    return _balance_at(account, (moment, *_LAST_OF_MOMENT))


def _balance_at(account: Account, position: Position) -> Balance:
    with connection.cursor() as cursor:
        cursor.execute(_AT, [*position, account.pk])
        return _balance(cursor.fetchone(), code=account.code)


# The newest entries of each shard, merged: the order of an account is (created_at, shard, version).
_ENTRIES = """
    SELECT e.* FROM wallets_counters c CROSS JOIN LATERAL (
        SELECT * FROM wallets_entry e
        WHERE e.account_id = c.account_id AND e.shard = c.shard
          AND (e.created_at, e.shard, e.version) < (%s, %s::smallint, %s::bigint)
        ORDER BY e.created_at DESC, e.version DESC LIMIT %s
    ) e
    WHERE c.account_id = %s ORDER BY e.created_at DESC, e.shard DESC, e.version DESC LIMIT %s
"""
NEWEST: Position = (datetime.max.replace(tzinfo=UTC), *_LAST_OF_MOMENT)


def statement(*, actor: Actor, account: str, before: Position = NEWEST, limit: int = 50) -> list[Line]:
    """Read an account's entries, newest first, each with the account's balance after it.

    ``account`` is a public id; ``before`` is ``position_of`` the last line of the page before.

    :raises NotFound: when the actor sees no such account.
    """
    row: Account = Account.objects.visible_to(actor).named(account)
    entries = list(Entry.objects.raw(_ENTRIES, [*before, limit, row.pk, limit]))
    if not entries:
        return []
    posted = _balance_at(row, position_of(entries[0])).posted
    return _lines(entries, posted, debit_normal=row.code in DEBIT_NORMAL)


def position_of(entry: Entry) -> Position:
    """The place of an entry in the order of its account."""
    return entry.created_at, entry.shard, entry.version


def _lines(entries: Sequence[Entry], posted: int, *, debit_normal: bool) -> list[Line]:
    lines = []
    for entry in entries:
        lines.append(Line(entry, posted))
        grows = (entry.side == Side.DEBIT) == debit_normal
        posted -= entry.posted_change if grows else -entry.posted_change
    return lines


@dataclass(frozen=True, slots=True)
class Proof:
    """The sum of all entries of an account, counted one by one, beside the balance that its counters tell."""

    entries: int
    debits: int
    credits: int
    balance: int
    debit_normal: bool

    @property
    def total(self) -> int:
        net = self.credits - self.debits
        return -net if self.debit_normal else net

    @property
    def holds(self) -> bool:
        return self.total == self.balance


# One statement, so that entries and counters are of the same moment.
_PROOF = """
    SELECT count(*), coalesce(sum(posted_change) FILTER (WHERE side = 'debit'), 0),
           coalesce(sum(posted_change) FILTER (WHERE side = 'credit'), 0),
           (SELECT coalesce(sum(credits_posted) - sum(debits_posted), 0) FROM wallets_counters WHERE account_id = %s)
    FROM wallets_entry WHERE account_id = %s
"""


def prove(account: Account) -> Proof:
    """Add up every entry of an account and read its counters, at one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_PROOF, [account.pk, account.pk])
        count, debits, credits, net = map(int, cursor.fetchone())
    debit_normal = account.code in DEBIT_NORMAL
    return Proof(count, debits, credits, -net if debit_normal else net, debit_normal)
