"""Read wallets: balances, now and at a moment, and what came and went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet

from rupai.core.actor import Actor
from rupai.core.rows import RowQuerySet
from wallets.errors import StatementRange
from wallets.models import Entry, Transfer, Wallet, WalletTransfer
from wallets.selectors.days import beginning_of, zone_of
from wallets.selectors.ledger import Balance, balance_at, balance_of, balances_of
from wallets.states import Side

Kind = Literal["credit", "debit", "all"]
KINDS = ["credit", "debit", "all"]
MOST_DAYS = 400
# Days before and after which no wallet has an entry, and which every time zone can still tell.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9000, 1, 1)
_PIECE = 500


def wallets(*, actor: Actor) -> RowQuerySet[Wallet]:
    """The wallets that an actor may see."""
    return Wallet.objects.visible_to(actor)


def with_balances(rows: Sequence[Wallet]) -> list[tuple[Wallet, Balance]]:
    """Read the present balances of wallets by one query."""
    found = balances_of([row.account_id for row in rows])
    return [(row, found.get(row.account_id, Balance())) for row in rows]


def wallet_balance_at(*, actor: Actor, wallet_id: str, moment: datetime) -> Balance:
    """Read what a wallet had at a moment, entries of that moment included.

    Overdrafts are not remembered, so ``available`` is without one.

    :raises NotFound: when the actor sees no such wallet.
    """
    wallet = wallets(actor=actor).select_related("account").named(wallet_id)
    return balance_at(wallet.account, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What came and went in some days of a wallet, both included; None is open. Balances are minor units."""

    wallet: Wallet
    start: date | None
    end: date | None
    opening: int
    closing: int
    # Newest first; entries that only hold or release money are not in it.
    entries: QuerySet[Entry]


def statement_of(
    *, actor: Actor, wallet_id: str, start_date: date | None = None, end_date: date | None = None, type: Kind = "all"
) -> Statement:
    """Read a wallet's statement for days of the merchant's calendar.

    Opening and closing balance are those of the days, whatever ``type`` shows of the entries between them.

    :raises NotFound: when the actor sees no such wallet.
    :raises StatementRange: when the days are in the wrong order, too many, or none that there can be.
    """
    check_days(start_date, end_date)
    wallet = wallets(actor=actor).select_related("account").named(wallet_id)
    zone = zone_of(wallet.merchant_id)
    since = beginning_of(start_date, zone) if start_date else None
    until = beginning_of(end_date + timedelta(days=1), zone) if end_date else None
    entries = Entry.objects.filter(account_id=wallet.account_id, shard=0).exclude(posted_change=0)
    if since is not None:
        entries = entries.filter(created_at__gte=since)
    if until is not None:
        entries = entries.filter(created_at__lt=until)
    if type != "all":
        entries = entries.filter(side=Side(type))
    instant = timedelta(microseconds=1)
    return Statement(
        wallet=wallet,
        start=start_date,
        end=end_date,
        opening=balance_at(wallet.account, since - instant).posted if since else 0,
        closing=balance_at(wallet.account, until - instant).posted if until else balance_of(wallet.account_id).posted,
        entries=entries,
    )


def check_days(start: date | None, end: date | None) -> None:
    """Refuse days that no statement can have.

    :raises StatementRange: saying why.
    """
    for day in (start, end):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise StatementRange(f"{day} is no day of a statement", hint=f"Days are {FIRST_DAY} to {LAST_DAY}.")
    if start and end and end < start:
        raise StatementRange("end_date is before start_date")
    if start and end and (end - start).days > MOST_DAYS:
        raise StatementRange(f"end_date is more than {MOST_DAYS} days after start_date")


def balance_after(entry: Entry) -> int:
    """What a wallet had right after an entry; its account has one row of counters, so the entry knows."""
    return entry.credits_posted - entry.debits_posted


def balance_after_transfer(transfer: WalletTransfer) -> int:
    """What the sender had right after a transfer, whatever happened since."""
    counters = Transfer.objects.values_list("debit_credits_posted", "debit_debits_posted")
    credits, debits = counters.get(pk=transfer.pk)
    return int(credits - debits)


def oldest_first(entries: QuerySet[Entry]) -> Iterator[Entry]:
    """Walk through entries in the order in which they happened, a piece at a time.

    Each piece is a query of its own, which no time limit of a statement can break. What is posted meanwhile is not in
    it: the walk ends at the entry that was the newest when it began.
    """
    last = entries.order_by("-created_at", "-version").first()
    if last is None:
        return
    rows = entries.filter(version__lte=last.version, created_at__lte=last.created_at)
    found = list(rows.order_by("created_at", "version")[:_PIECE])
    while found:
        yield from found
        if len(found) < _PIECE:
            return
        moment, version = found[-1].created_at, found[-1].version
        beyond = rows.filter(
            Q(created_at__gt=moment) | Q(created_at=moment, version__gt=version), created_at__gte=moment
        )
        found = list(beyond.order_by("created_at", "version")[:_PIECE])
