"""Move money: post, hold, release and expire transfers, through the one SQL function that may."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from rupai.core import ids
from wallets.errors import LedgerNeedsTransaction, refusal
from wallets.models import Hold, Transfer
from wallets.services.accounts import Chart, chart_accounts, forget_charts, open_account
from wallets.states import NIL, HoldState, TransferFlag

__all__ = [
    "ALL",
    "Chart",
    "NewTransfer",
    "Posted",
    "chart_accounts",
    "expire_pending",
    "linked",
    "open_account",
    "pending",
    "post_pending",
    "post_transfers",
    "void_pending",
]

NO_FLAGS = TransferFlag(0)
# As an amount: all that is pending, or all that a balancing transfer can take.
ALL = 2**63 - 1
# As a ledger: that of the accounts.
LEDGER_OF_ACCOUNTS = -1
DONE = ("created", "exists")
CHAIN_BROKEN = "linked_event_failed"
_POST = """
    SELECT results, amounts FROM wallets_post(%s, %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[],
        %s::bigint[], %s::integer[], %s::text[], %s::integer[], %s::text[])
"""
# How each transfer compares with the stored one of the same id; '' when there is none.
_COMPARE = """
    SELECT CASE WHEN t.id IS NULL THEN '' ELSE wallets_compare(
               t, n.debit, n.credit, n.amount, n.pending_id, n.timeout, n.ledger, n.kind, n.flags, n.reference) END,
           coalesce(t.amount, 0)
    FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[], %s::bigint[], %s::integer[], %s::text[],
                %s::integer[], %s::text[]) WITH ORDINALITY
        AS n (id, debit, credit, amount, pending_id, timeout, ledger, kind, flags, reference, place)
    LEFT JOIN wallets_transfer t ON t.id = n.id
    ORDER BY n.place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTransfer:
    """A transfer to post. ``id`` is the caller's and makes it idempotent: the same id never moves money twice.

    ``amount`` is in minor units of the accounts' currency, from 0 to 2^63 - 1; ``timeout`` in whole seconds, 0 for
    none. ``reference`` is the public id of what the money moves for.
    """

    id: UUID
    debit_account: UUID = NIL
    credit_account: UUID = NIL
    amount: int = 0
    kind: str = ""
    reference: str = ""
    flags: TransferFlag = NO_FLAGS
    pending_id: UUID = NIL
    timeout: int = 0
    ledger: int = LEDGER_OF_ACCOUNTS

    def __post_init__(self) -> None:
        if type(self.amount) is not int or not 0 <= self.amount <= ALL:
            raise ValueError(f"An amount is a whole number of minor units from 0 to 2^63 - 1, not {self.amount!r}")
        if not 0 <= self.timeout < 2**32:
            raise ValueError(f"A timeout is a number of seconds from 0 to 2^32 - 1, not {self.timeout!r}")


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a transfer: its result, and the amount it moved or holds (less than asked when it balances)."""

    id: UUID
    result: str
    amount: int


def linked(transfer: NewTransfer) -> NewTransfer:
    """Make a transfer succeed or fail together with the one after it."""
    return replace(transfer, flags=transfer.flags | TransferFlag.LINKED)


def pending(transfer: NewTransfer, *, timeout: int = 0) -> NewTransfer:
    """Make a transfer a hold, which later is posted, voided or, after ``timeout`` seconds, expires."""
    return replace(transfer, flags=transfer.flags | TransferFlag.PENDING, timeout=timeout)


def post_pending(pending_id: UUID, *, key: UUID, amount: int = ALL) -> NewTransfer:
    """Take what a hold holds, or at most ``amount`` minor units of it; the rest is released."""
    return NewTransfer(id=key, pending_id=pending_id, amount=amount, flags=TransferFlag.POST)


def void_pending(pending_id: UUID, *, key: UUID) -> NewTransfer:
    """Release all of a hold."""
    return NewTransfer(id=key, pending_id=pending_id, flags=TransferFlag.VOID)


def post_transfers(*, transfers: Sequence[NewTransfer], at: datetime, refuse: bool = True) -> list[Posted]:
    """Post transfers in order, in the caller's open transaction; the answers stand in the same order.

    Locks on the accounts last until that transaction ends, so post once, near its end: two calls in one transaction are
    the only way to a deadlock. Posting the same transfers again moves nothing and answers ``exists``. With ``refuse``
    off the bare results are returned, whatever they are.

    :raises LedgerNeedsTransaction: outside a transaction.
    :raises TransferRefused: or one of its kinds, for the first transfer that the ledger did not take. The caller's
        transaction must then be rolled back, or those transfers of the call that were taken stay.
    """
    if not connection.in_atomic_block:
        raise LedgerNeedsTransaction("Post inside transaction.atomic(), with the change that the money stands for")
    if not transfers:
        return []
    columns = _columns(transfers)
    with connection.cursor() as cursor:
        cursor.execute(_POST, [at, *columns])
        results, amounts = cursor.fetchone()
        posted = [Posted(new.id, *answer) for new, *answer in zip(transfers, results, amounts, strict=True)]
        if not refuse:
            return posted
        if any(one.result == CHAIN_BROKEN for one in posted):
            cursor.execute(_COMPARE, columns)
            posted = _repeated(transfers, posted, cursor.fetchall())
    _refuse(posted)
    return posted


def _columns(transfers: Sequence[NewTransfer]) -> list[list[Any]]:
    return [
        [new.id for new in transfers],
        [new.debit_account for new in transfers],
        [new.credit_account for new in transfers],
        [new.amount for new in transfers],
        [new.pending_id for new in transfers],
        [new.timeout for new in transfers],
        [new.ledger for new in transfers],
        [new.kind for new in transfers],
        [int(new.flags) for new in transfers],
        [new.reference for new in transfers],
    ]


def _repeated(transfers: Sequence[NewTransfer], posted: list[Posted], compared: list[tuple[str, int]]) -> list[Posted]:
    """Recognise chains that were posted before.

    The first transfer of such a chain says ``exists``, which breaks the chain, and the others fail with it. When all of
    them are stored exactly as they are now sent, the chain is what it was before, not a failure.
    """
    answer = list(posted)
    first = 0
    for place, new in enumerate(transfers):
        if new.flags & TransferFlag.LINKED:
            continue
        chain = range(first, place + 1)
        if all(compared[one][0] == "exists" for one in chain):
            for one in chain:
                answer[one] = Posted(transfers[one].id, "exists", compared[one][1])
        first = place + 1
    return answer


def _refuse(posted: list[Posted]) -> None:
    failed = [one for one in posted if one.result not in DONE]
    if not failed:
        return
    # The others of a broken chain only say that it broke.
    cause = next((one for one in failed if one.result != CHAIN_BROKEN), failed[0])
    if cause.result.endswith("_account_not_found"):
        forget_charts()
    key = ids.public_id(Transfer.prefix, cause.id)
    raise refusal(cause.result)(f"The ledger refused transfer {key}: {cause.result}", transfer=key, result=cause.result)


def expire_pending(*, at: datetime, limit: int = 500, besides: Collection[str] = ()) -> int:
    """Release holds whose time is up at ``at``, the oldest first, at most ``limit``; return how many.

    Holds of the kinds in ``besides`` are left to those who tell of their end.

    :raises LedgerNeedsTransaction: outside a transaction.
    """
    due = Hold.objects.filter(state=HoldState.PENDING, expires_at__lte=at).exclude(transfer__kind__in=besides)
    held = list(due.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])
    new = [NewTransfer(id=ids.new_key(at), pending_id=key, flags=TransferFlag.EXPIRE) for key in held]
    # A hold that is posted or voided at this moment by another connection just says so.
    posted = post_transfers(transfers=new, at=at, refuse=False)
    return sum(one.result == "created" for one in posted)
