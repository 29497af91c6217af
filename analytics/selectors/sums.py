"""Reading the sums as an actor may: its merchant's and mode's only, and how far they are complete."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from analytics.models import COUNTERS, READER, DaySums, MinuteSums
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.models import Event, ReaderCursor

MINUTES_KEPT = timedelta(hours=48)
Sums = dict[str, int]


def days_seen(actor: Actor, *, start: date, end: date, **fields: str | None) -> QuerySet[DaySums]:
    """The days of an actor from one to another, both included; fields that are None are not filtered."""
    return _seen(DaySums.objects.filter(day__gte=start, day__lte=end), actor, fields)


def minutes_seen(actor: Actor, *, since: datetime, until: datetime, **fields: str | None) -> QuerySet[MinuteSums]:
    """The minutes of an actor from a moment to before another one."""
    return _seen(MinuteSums.objects.filter(minute__gte=since, minute__lt=until), actor, fields)


def _seen(rows: QuerySet[Any], actor: Actor, fields: dict[str, str | None]) -> QuerySet[Any]:
    rows = rows.filter(livemode=actor.livemode, **{name: text for name, text in fields.items() if text is not None})
    if actor.merchant_id is None:
        return rows if actor.kind == "platform" else rows.none()
    return rows.filter(merchant_id=actor.merchant_id)


def added_up(rows: QuerySet[Any], by: Sequence[str]) -> list[tuple[tuple[Any, ...], Sums]]:
    """Add rows up by some of their fields: the values of these, with the sum of every counter."""
    totals = {f"sum_{name}": Sum(name) for name in COUNTERS}
    # A first value that is always the same makes one group where no field is named.
    found = rows.order_by().values("livemode", *by).annotate(**totals)
    return [(tuple(row[name] for name in by), {name: row[f"sum_{name}"] for name in COUNTERS}) for row in found]


def total(sums: Iterable[Sums]) -> Sums:
    """Add sums up."""
    found = dict.fromkeys(COUNTERS, 0)
    for each in sums:
        for name in COUNTERS:
            found[name] += each[name]
    return found


def decided(sums: Sums) -> int:
    """How many payments came to an outcome."""
    return sums["succeeded_count"] + sums["failed_count"]


def success_rate(sums: Sums) -> float:
    """Which part of the payments with an outcome succeeded, from 0 to 1; 0 when none had one."""
    return round(sums["succeeded_count"] / decided(sums), 6) if decided(sums) else 0.0


def complete_to() -> datetime:
    """Up to which moment every event is counted: now, or when the oldest one that is not was written."""
    read = ReaderCursor.objects.filter(name=READER).values_list("position", flat=True).first() or 0
    times = Event.objects.values_list("created_at", flat=True)
    waiting = times.filter(position__gt=read).order_by("position").first()
    unnumbered = times.filter(seq__isnull=True).order_by("inserted").first()
    return min((at for at in (waiting, unnumbered) if at is not None), default=clock.now())
