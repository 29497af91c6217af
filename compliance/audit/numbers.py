"""Proof that the numbers of the log have no gaps."""

from django.db import connection
from django.db.models import Count, Max

from compliance.audit import verifier
from compliance.models import AuditHead
from rupai.core import ids
from rupai.core.models import Event

CHUNK = 100_000
_FIRST_HOLE = """
SELECT expected FROM generate_series(%s::bigint, %s::bigint) AS expected
WHERE NOT EXISTS (SELECT 1 FROM core_event WHERE position = expected) ORDER BY expected LIMIT 1
"""


def gaps_of_merchants() -> list[str]:
    """Name each merchant and mode whose numbers are not 1, 2, 3 ... up to the greatest."""
    broken = []
    for merchant_id, livemode in verifier.tenants():
        numbered = Event.objects.filter(merchant_id=merchant_id, livemode=livemode, seq__isnull=False)
        found = numbered.aggregate(events=Count("seq"), greatest=Max("seq"))
        if found["events"] != (found["greatest"] or 0):
            name, mode = ids.public_id("mer", merchant_id), "live" if livemode else "test"
            broken.append(f"{name} {mode}: {found['events']} events numbered up to {found['greatest']}")
    return broken


def furthest_position() -> int:
    """How far the log of all merchants goes, by its events and by the heads of its chains."""
    events = Event.objects.aggregate(found=Max("position"))["found"] or 0
    heads = AuditHead.objects.aggregate(found=Max("position"))["found"] or 0
    return int(max(events, heads))


def first_missing_position() -> int | None:
    """The first hole in the positions, or None; reads the index in chunks."""
    until = furthest_position()
    for start in range(0, until, CHUNK):
        end = min(start + CHUNK, until)
        if Event.objects.filter(position__gt=start, position__lte=end).count() != end - start:
            with connection.cursor() as cursor:
                cursor.execute(_FIRST_HOLE, [start + 1, end])
                return int(cursor.fetchone()[0])
    return None
