"""The one writer that numbers committed events and chains them: gap-free per merchant and mode, and over all."""

from datetime import datetime
from itertools import takewhile
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from compliance.audit import content, signing
from compliance.models import AuditHead
from rupai.core import clock, failpoints, locks

Tenant = tuple[UUID, bool]
# Event, seq, position, previous hash, hash.
Row = tuple[UUID, int, int, str, str]
BATCH = 1000
_LOCK = "compliance.sequencer"
# Only transactions below the snapshot's oldest are settled for good. The answer is cut at the first one that is not:
# its event is visible, so a settled one behind it may have been caused by it, and would get the smaller number.
_WAITING = f"""
SELECT e.transaction < pg_snapshot_xmin(pg_current_snapshot())::text::bigint, {content.COLUMNS}
FROM core_event e WHERE e.seq IS NULL ORDER BY e.inserted LIMIT %s
"""  # noqa: S608
_WRITE = """
WITH given AS (
    SELECT * FROM unnest(
        string_to_array(%s, ',')::uuid[], string_to_array(%s, ',')::bigint[], string_to_array(%s, ',')::bigint[],
        string_to_array(%s, ','), string_to_array(%s, ',')
    ) AS g(event_id, seq, position, prev_hash, hash)
), numbered AS (
    UPDATE core_event AS e SET seq = given.seq, position = given.position FROM given
    WHERE e.id = given.event_id AND e.seq IS NULL
    RETURNING e.id, e.merchant_id, e.livemode, given.seq, given.prev_hash, given.hash
)
INSERT INTO compliance_auditentry (event_id, merchant_id, livemode, seq, prev_hash, hash, at)
SELECT numbered.*, %s FROM numbered
"""


class SequencerLost(RuntimeError):
    """An event changed under the sequencer although it holds the lock; the batch is undone."""


def sequence(*, limit: int = 20_000, batch: int = BATCH) -> int:
    """Number waiting events and chain them, in batches of one transaction each; tell how many.

    Events wait while a transaction older than theirs is open, so none is ever skipped and a rolled back one leaves no
    gap. Returns early when another process is the sequencer.
    """
    total = 0
    while total < limit:
        wanted = min(batch, limit - total)
        count = _one_batch(wanted)
        total += count
        if count < wanted:
            break
    return total


def head_text(head: AuditHead) -> str:
    """What the signature of a head covers."""
    return content.canonical(
        {
            "merchant_id": str(head.merchant_id),
            "livemode": head.livemode,
            "seq": head.seq,
            "hash": head.hash,
            "position": head.position,
        }
    )


def _one_batch(limit: int) -> int:
    with transaction.atomic():
        if not locks.try_single_writer(_LOCK):
            return 0
        events = _settled(limit)
        if not events:
            return 0
        now = clock.now()
        heads = _heads_of({(event.merchant_id, event.livemode) for event in events})
        _write(_chain(events, heads, now), now)
        _save_heads(heads)
        failpoints.hit("sequencer.before_commit")
    failpoints.hit("sequencer.after_commit")
    return len(events)


def _settled(limit: int) -> list[content.Sealed]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [limit])
        rows = takewhile(lambda row: row[0], cursor.fetchall())
        return [content.Sealed(*row[1:]) for row in rows]


def _heads_of(tenants: set[Tenant]) -> dict[Tenant, AuditHead]:
    """The chains' ends, with new ones for tenants that never had an event."""
    of_merchants = AuditHead.objects.filter(merchant_id__in={merchant_id for merchant_id, _ in tenants})
    found = {(head.merchant_id, head.livemode): head for head in of_merchants}
    new = {
        tenant: AuditHead(merchant_id=tenant[0], livemode=tenant[1], seq=0, hash=content.FIRST, position=0)
        for tenant in tenants - found.keys()
    }
    return {tenant: found.get(tenant) or new[tenant] for tenant in tenants}


def _chain(events: list[content.Sealed], heads: dict[Tenant, AuditHead], now: datetime) -> list[Row]:
    """Move the heads over the events, and return a row for each."""
    furthest = AuditHead.objects.aggregate(furthest=Max("position"))["furthest"] or 0
    rows = []
    for position, event in enumerate(events, start=furthest + 1):
        head = heads[event.merchant_id, event.livemode]
        before, head.seq, head.position, head.at = head.hash, head.seq + 1, position, now
        head.hash = content.entry_hash(event, seq=head.seq, position=position, prev_hash=before, at=now)
        rows.append((event.id, head.seq, position, before, head.hash))
    return rows


def _write(rows: list[Row], now: datetime) -> None:
    # Ids, numbers and hexadecimal hashes have no commas; the driver would quote array elements one by one, which costs
    # more than hashing the events.
    columns = [",".join(map(str, column)) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [*columns, now])
        if cursor.rowcount != len(rows):
            raise SequencerLost(f"{cursor.rowcount} of {len(rows)} events were numbered")


def _save_heads(heads: dict[Tenant, AuditHead]) -> None:
    for head in heads.values():
        head.signature = signing.sign(head_text(head))
    AuditHead.objects.bulk_create(
        heads.values(),
        update_conflicts=True,
        unique_fields=["merchant_id", "livemode"],
        update_fields=["seq", "hash", "position", "at", "signature"],
    )
