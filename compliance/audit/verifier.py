"""Walks chains entry by entry, in bounded memory, and names the first fault of each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from compliance.audit import content, sequencer, signing
from compliance.models import AuditEntry, AuditHead
from rupai.core import ids
from rupai.core.models import Event

Tenant = tuple[UUID, bool]
Progress = Callable[[int], None]
CHUNK = 2000
_ENTRIES = f"""
SELECT a.seq, a.prev_hash, a.hash, a.at, a.event_id, e.seq, e.position, {content.COLUMNS}
FROM compliance_auditentry a LEFT JOIN core_event e ON e.id = a.event_id
WHERE a.merchant_id = %s AND a.livemode = %s AND a.seq > %s AND a.seq <= %s ORDER BY a.seq LIMIT %s
"""  # noqa: S608
# One statement sees one moment, so a sequencer at work between two looks cannot feign a fault.
_ENDS = """
SELECT (SELECT max(seq) FROM compliance_auditentry WHERE merchant_id = %(merchant)s AND livemode = %(mode)s),
       (SELECT max(seq) FROM core_event WHERE merchant_id = %(merchant)s AND livemode = %(mode)s),
       h.seq, h.hash, h.position, h.signature
FROM (VALUES (1)) AS one LEFT JOIN compliance_audithead h ON h.merchant_id = %(merchant)s AND h.livemode = %(mode)s
"""
# Skips from tenant to tenant along the index instead of reading every row.
_TENANTS = """
WITH RECURSIVE tenant AS (
    (SELECT merchant_id, livemode FROM {table} WHERE seq IS NOT NULL ORDER BY merchant_id, livemode LIMIT 1)
    UNION ALL
    SELECT following.* FROM tenant, LATERAL (
        SELECT merchant_id, livemode FROM {table}
        WHERE seq IS NOT NULL AND (merchant_id, livemode) > (tenant.merchant_id, tenant.livemode)
        ORDER BY merchant_id, livemode LIMIT 1
    ) following
) SELECT merchant_id, livemode FROM tenant
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing wrong in a chain; ``event`` is empty when none belongs to it."""

    seq: int
    event: str
    problem: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found in one chain: how far it is whole, its last hash, and the first fault."""

    merchant_id: UUID
    livemode: bool
    entries: int
    hash: str
    fault: Fault | None

    @property
    def tenant(self) -> str:
        return f"{ids.public_id('mer', self.merchant_id)} {'live' if self.livemode else 'test'}"


class _Entry(NamedTuple):
    """An entry with its event, whose fields are null when it is gone."""

    seq: int
    prev_hash: str
    hash: str
    at: datetime
    event_id: UUID
    event_seq: int | None
    position: int | None
    event: content.Sealed


class _Ends(NamedTuple):
    """Where entries, events and head of one chain ended at one moment."""

    entries: int
    events: int
    head: AuditHead | None

    @property
    def furthest(self) -> int:
        return max(self.entries, self.events, self.head.seq if self.head else 0)


def verify(
    *,
    merchant_id: UUID | None = None,
    livemode: bool | None = None,
    progress: Progress | None = None,
    chunk: int = CHUNK,
) -> Iterator[Verdict]:
    """Verify each chain, or those of one merchant or mode, ``chunk`` entries in memory at a time.

    ``progress`` is told after each entry how many were read in all.
    """
    before = 0
    for tenant in tenants(merchant_id=merchant_id):
        if livemode not in {None, tenant[1]}:
            continue
        verdict = _verify_chain(tenant, before, progress, chunk)
        before += verdict.entries
        yield verdict


def tenants(*, merchant_id: UUID | None = None) -> list[Tenant]:
    """All chains: of sequenced events, of entries and of heads, so that emptying one table hides none."""
    found: set[Tenant] = set(AuditHead.objects.values_list("merchant_id", "livemode"))
    with connection.cursor() as cursor:
        for model in (Event, AuditEntry):
            cursor.execute(_TENANTS.format(table=model._meta.db_table))
            found.update(cursor.fetchall())
    return sorted(tenant for tenant in found if merchant_id in {None, tenant[0]})


def _verify_chain(tenant: Tenant, before: int, progress: Progress | None, chunk: int) -> Verdict:
    ends = _ends(tenant)
    seq, last, position, fault = 0, content.FIRST, 0, None
    for entry in _entries(tenant, ends.furthest, chunk):
        fault = _fault_of(entry, tenant, ends, seq, last)
        if fault is not None:
            break
        seq, last, position = entry.seq, entry.hash, entry.position or 0
        if progress is not None:
            progress(before + seq)
    else:
        is_short = seq < ends.furthest
        fault = _missing(tenant, ends, seq + 1) if is_short else _fault_of_head(ends.head, last, position, seq)
    return Verdict(*tenant, seq, last, fault)


def _ends(tenant: Tenant) -> _Ends:
    with connection.cursor() as cursor:
        cursor.execute(_ENDS, {"merchant": tenant[0], "mode": tenant[1]})
        entries, events, seq, last, position, signature = cursor.fetchone()
    head = None
    if seq is not None:
        head = AuditHead(
            merchant_id=tenant[0], livemode=tenant[1], seq=seq, hash=last, position=position, signature=signature
        )
    return _Ends(entries or 0, events or 0, head)


def _entries(tenant: Tenant, until: int, chunk: int) -> Iterator[_Entry]:
    seq = 0
    while seq < until:
        with connection.cursor() as cursor:
            cursor.execute(_ENTRIES, [*tenant, seq, until, chunk])
            rows = cursor.fetchall()
        for row in rows:
            yield _Entry._make((*row[:7], content.Sealed._make(row[7:])))
        if len(rows) < chunk:
            return
        seq = rows[-1][0]


def _fault_of(entry: _Entry, tenant: Tenant, ends: _Ends, seq: int, last: str) -> Fault | None:
    if entry.seq != seq + 1:
        return _missing(tenant, ends, seq + 1)
    name = ids.public_id(Event.prefix, entry.event_id)
    if entry.prev_hash != last:
        return Fault(entry.seq, name, "broken link: its prev_hash is not the hash of the entry before")
    if entry.event_seq is None or entry.position is None:
        return Fault(entry.seq, name, "missing event: the entry's event is gone or lost its number")
    if (entry.event.merchant_id, entry.event.livemode, entry.event_seq) != (*tenant, entry.seq):
        return Fault(entry.seq, name, "changed event: it belongs to another chain or carries another number")
    found = content.entry_hash(
        entry.event, seq=entry.seq, position=entry.position, prev_hash=entry.prev_hash, at=entry.at
    )
    if found != entry.hash:
        return Fault(entry.seq, name, "changed event: its content does not give the entry's hash")
    return None


def _missing(tenant: Tenant, ends: _Ends, seq: int) -> Fault:
    event = Event.objects.filter(merchant_id=tenant[0], livemode=tenant[1], seq=seq).first()
    if event is not None:
        return Fault(seq, event.public_id, "missing entry: the event is numbered but has no entry")
    if seq > max(ends.entries, ends.events):
        return Fault(seq, "", f"head mismatch: the head is at {ends.furthest}, but nothing follows {seq - 1}")
    return Fault(seq, "", "gap: neither an entry nor an event has this number")


def _fault_of_head(head: AuditHead | None, last: str, position: int, seq: int) -> Fault | None:
    if head is None:
        return Fault(seq, "", "head mismatch: the chain has no head")
    if (head.seq, head.hash, head.position) != (seq, last, position):
        return Fault(seq, "", f"head mismatch: the head is at {head.seq} with hash {head.hash}")
    if not signing.is_signed(sequencer.head_text(head), head.signature):
        return Fault(seq, "", "head mismatch: no trusted key signed the head")
    return None
