"""Keeps the sums: a reader of the log adds each event's facts once, with its cursor, in one transaction."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, models, transaction

from analytics.models import COUNTERS, READER, DaySums, HourSums, MinuteSums
from analytics.selectors.sums import MINUTES_KEPT
from analytics.services.facts import Fact, facts_of
from rupai.accounts.models import Merchant
from rupai.core import clock, readers
from rupai.core.models import Event, ReaderCursor

_BATCH = 1000
Tally = dict[tuple[Any, ...], dict[str, int]]


def catch_up(*, most: int = 50_000) -> int:
    """Add what is new in the log; tell how many events were read. Another reader at work means 0."""
    return readers.drain(READER, add, batch=_BATCH, most=most)


def add(events: Sequence[Event]) -> None:
    """Add the facts of a batch to all three tables; runs in the transaction that moves the cursor."""
    facts = facts_of(events)
    zones = _zones({fact.merchant_id for fact in facts})
    since = clock.now() - MINUTES_KEPT
    days, hours, minutes = _tally(), _tally(), _tally()
    for fact in facts:
        what = (fact.livemode, fact.currency, fact.provider, fact.method)
        day = fact.at.astimezone(zones[fact.merchant_id]).date()
        _count(days[(fact.merchant_id, day, *what, fact.country)], fact)
        _count(hours[(fact.at.replace(minute=0, second=0, microsecond=0), *what)], fact)
        if fact.at >= since:
            _count(minutes[(fact.merchant_id, fact.at.replace(second=0, microsecond=0), *what)], fact)
    _upsert(DaySums, days)
    _upsert(HourSums, hours)
    _upsert(MinuteSums, minutes)


def rebuild(*, progress: Callable[[int, int], None]) -> int:
    """Empty the tables and read the whole log anew; a reader at work beside it only helps.

    ``progress`` is told how many events of how many were read. Returns the number of events.
    """
    with transaction.atomic():
        ReaderCursor.objects.bulk_create([ReaderCursor(name=READER)], ignore_conflicts=True)
        cursor = ReaderCursor.objects.select_for_update().get(name=READER)
        for table in (MinuteSums, HourSums, DaySums):
            table.objects.all().delete()
        cursor.position = 0
        cursor.save(update_fields=["position"])
    total = left = lag()[0]
    while left > 0:
        # Nothing read means that another reader is at work on the same.
        if catch_up(most=20_000) == 0:
            time.sleep(0.2)
        left = lag()[0]
        progress(max(0, total - left), total)
    return total


def forget_minutes() -> int:
    """Delete the minutes that are older than two days; tell how many rows that were."""
    return MinuteSums.objects.filter(minute__lt=clock.now() - MINUTES_KEPT).delete()[0]


def lag() -> tuple[int, datetime | None]:
    """How many numbered events are not in the sums yet and, if any, when the last one that is was written."""
    read = ReaderCursor.objects.filter(name=READER).values_list("position", flat=True).first() or 0
    newest = (
        Event.objects.filter(position__isnull=False).order_by("-position").values_list("position", flat=True).first()
    )
    behind = max(0, (newest or 0) - read)
    counted = Event.objects.filter(position=read).values_list("created_at", flat=True).first() if behind else None
    return behind, counted


def _tally() -> Tally:
    return defaultdict(lambda: dict.fromkeys(COUNTERS, 0))


def _count(sums: dict[str, int], fact: Fact) -> None:
    for name, value in fact.sums.items():
        sums[name] += value


def _zones(merchants: Iterable[UUID]) -> dict[UUID, ZoneInfo]:
    found = Merchant.objects.filter(pk__in=list(merchants)).values_list("pk", "timezone")
    return {key: ZoneInfo(name) for key, name in found}


@cache
def _statement(table: type[models.Model]) -> str:
    names = [*table.keys, *COUNTERS]  # type: ignore[attr-defined]
    fields = [table._meta.get_field(name) for name in names]
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    columns = ", ".join(f'"{name}"' for name in names)
    keys = ", ".join(f'"{name}"' for name in table.keys)  # type: ignore[attr-defined]
    sums = ", ".join(f'"{name}" = t."{name}" + excluded."{name}"' for name in COUNTERS)
    name = table._meta.db_table
    # Rows are locked in one order, should two readers ever meet.
    return (
        f'INSERT INTO "{name}" AS t ({columns}) SELECT * FROM unnest({arrays}) AS given({columns}) ORDER BY {keys} '  # noqa: S608
        f"ON CONFLICT ({keys}) DO UPDATE SET {sums}"
    )


def _upsert(table: type[models.Model], tally: Tally) -> None:
    if not tally:
        return
    rows = [(*key, *(sums[name] for name in COUNTERS)) for key, sums in tally.items()]
    with connection.cursor() as cursor:
        cursor.execute(_statement(table), [list(column) for column in zip(*rows, strict=True)])
