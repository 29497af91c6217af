"""The books of a loaded world: transfers with their counters, and events with their audit chain, as the services write
them, but made here in memory and copied."""

import heapq
import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from compliance.audit import content, sequencer, signing
from compliance.models import AuditEntry, AuditHead
from rupai.core import ids
from rupai.core.models import Event
from wallets.models import Counters, Hold, Transfer
from wallets.states import TransferFlag

ACTOR = "platform:world"


as_json = json.JSONEncoder(separators=(",", ":")).encode


def _escaped(value: Any) -> str:
    return as_json(value).replace("\\", "\\\\")


_TEXT: dict[type, Callable[[Any], str]] = {bool: lambda value: "t" if value else "f", dict: _escaped, list: _escaped}


def text(value: Any) -> str:
    """Write a value for COPY; plain texts of this world have no tab, new line or backslash."""
    return r"\N" if value is None else _TEXT.get(type(value), str)(value)


@dataclass
class Sheets:
    """Lines that wait to be copied, by table, and keys that are the same for the same seed."""

    chance: random.Random
    lines: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, model: Any, *values: Any) -> None:
        """Add a row: values in the order of the model's columns, without a serial key."""
        self.lines[model._meta.db_table].append("\t".join(map(text, values)))

    def key(self, at: datetime) -> UUID:
        """A time-ordered key that follows from the seed."""
        value = int(at.timestamp() * 1000) << 80 | self.chance.getrandbits(80)
        return UUID(int=value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62)

    def take(self) -> dict[str, list[str]]:
        """Hand over what has gathered."""
        taken, self.lines = self.lines, defaultdict(list)
        return taken


class Log:
    """Events, numbered and chained as the sequencer would, in the order in which they are told."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.heads: dict[UUID, AuditHead] = {
            head.merchant_id: head for head in AuditHead.objects.filter(livemode=False)
        }
        self.position = max((head.position for head in AuditHead.objects.all()), default=0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()::text::bigint, nextval('core_event_inserted_seq')")
            self.transaction, self.inserted = cursor.fetchone()

    def tell(
        self, name: str, *, merchant: UUID, subject: str, data: dict[str, Any], changes: dict[str, Any], at: datetime
    ) -> UUID:
        """Add an event and its audit entry; give the event's key."""
        key = self.sheets.key(at)
        noun = name.partition(".")[0]
        self.position += 1
        self.inserted += 1
        head = self.heads.get(merchant)
        if head is None:
            head = AuditHead(merchant_id=merchant, livemode=False, seq=0, hash=content.FIRST, position=0)
            self.heads[merchant] = head
        body, moved = as_json(data), as_json(changes)
        if "\\" in body:
            raise ValueError(f"COPY would read this text otherwise: {body}")
        facts = (key, merchant, False, at, name, noun, subject, body, moved, ACTOR, "", self.transaction, self.inserted)
        sealed = content.Sealed(*facts)
        before, head.seq, head.position, head.at = head.hash, head.seq + 1, self.position, at
        head.hash = content.entry_hash(sealed, seq=head.seq, position=self.position, prev_hash=before, at=at)
        self.sheets.add(Event, *facts, head.seq, self.position)
        self.sheets.add(AuditEntry, key, merchant, False, head.seq, before, head.hash, at)
        return key

    def close(self) -> None:
        """Sign and save the heads, and move the sequence of events behind ours."""
        for head in self.heads.values():
            head.signature = signing.sign(sequencer.head_text(head))
        AuditHead.objects.bulk_create(
            self.heads.values(),
            update_conflicts=True,
            unique_fields=["merchant_id", "livemode"],
            update_fields=["seq", "hash", "position", "at", "signature"],
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('core_event_inserted_seq', %s)", [self.inserted])


@dataclass
class _Row:
    """The counters of an account's first shard."""

    version: int
    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int
    touched_at: datetime

    @property
    def sides(self) -> tuple[int, int, int, int]:
        return self.debits_pending, self.debits_posted, self.credits_pending, self.credits_posted


class Books:
    """Transfers between accounts that are open, and the counters after each."""

    def __init__(self, sheets: Sheets) -> None:
        self.sheets = sheets
        self.rows: dict[UUID, _Row] = {}

    def _row(self, account: UUID) -> _Row:
        found = self.rows.get(account)
        if found is None:
            kept = Counters.objects.get(account_id=account, shard=0)
            sides = kept.debits_pending, kept.debits_posted, kept.credits_pending, kept.credits_posted
            found = self.rows[account] = _Row(kept.version, *sides, kept.touched_at)
        return found

    def post(
        self,
        key: UUID,
        *,
        merchant: UUID,
        ledger: int,
        debit: UUID,
        credit: UUID,
        amount: int,
        kind: str,
        reference: str,
        at: datetime,
        flags: TransferFlag = TransferFlag(0),  # noqa: B008
        pending_id: UUID | None = None,
    ) -> None:
        """Add a transfer: plain or linked, a hold, or the posting of all of a hold."""
        holds, ends = bool(flags & TransferFlag.PENDING), pending_id is not None
        held = amount if holds else -amount if ends else 0
        moved = 0 if holds else amount
        d, c = self._row(debit), self._row(credit)
        moment = max(at, d.touched_at, c.touched_at)
        d.debits_pending += held
        d.debits_posted += moved
        c.credits_pending += held
        c.credits_posted += moved
        for row in (d, c):
            row.version += 1
            row.touched_at = moment
        self.sheets.add(
            Transfer, key, merchant, False, moment, debit, credit, amount, held, moved, pending_id, 0, ledger,
            int(flags), kind, reference, 0, 0, d.version, c.version, *d.sides, *c.sides,
        )  # fmt: skip

    def hold_posted(self, key: UUID, *, by: UUID) -> None:
        """Add the state of a hold that was posted."""
        self.sheets.add(Hold, key, "posted", None, by)

    def close(self) -> None:
        """Write the counters."""
        changed: list[list[Any]] = [
            [row.version, *row.sides, row.touched_at, account] for account, row in self.rows.items() if row.version
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE wallets_counters SET version = %s, debits_pending = %s, debits_posted = %s,"
                " credits_pending = %s, credits_posted = %s, touched_at = %s WHERE account_id = %s AND shard = 0",
                changed,
            )


@dataclass
class Later:
    """What happens later than what is told now, in the order of time."""

    heap: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    count: int = 0

    def at(self, moment: datetime, do: Callable[[datetime], None]) -> None:
        self.count += 1
        heapq.heappush(self.heap, (moment, self.count, do))

    def until(self, moment: datetime) -> None:
        """Do what is due."""
        while self.heap and self.heap[0][0] <= moment:
            due, _, do = heapq.heappop(self.heap)
            do(due)


def utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def named(prefix: str, key: UUID) -> str:
    return ids.public_id(prefix, key)
