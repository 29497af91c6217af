"""Readers of the whole log: each pulls by its own cursor, which moves in the transaction of its effect."""

from collections.abc import Callable, Sequence

from django.db import transaction

from rupai.core.models import Event, ReaderCursor

Effect = Callable[[Sequence[Event]], None]


def pull(name: str, effect: Effect, *, batch: int = 500) -> int:
    """Give the next sequenced events to a reader, in order and exactly once, and tell how many there were.

    Only one process reads under a name at a time; another one gets 0. Positions are given by one sequencer in commit
    order, so ``position > cursor`` can skip nothing.
    """
    with transaction.atomic():
        ReaderCursor.objects.bulk_create([ReaderCursor(name=name)], ignore_conflicts=True)
        cursor = ReaderCursor.objects.select_for_update(skip_locked=True).filter(name=name).first()
        if cursor is None:
            return 0
        events = list(Event.objects.filter(position__gt=cursor.position).order_by("position")[:batch])
        if events:
            effect(events)
            ReaderCursor.objects.filter(name=name).update(position=events[-1].position)
        return len(events)


def drain(name: str, effect: Effect, *, batch: int = 500, most: int = 20_000) -> int:
    """Pull until the log is read or ``most`` events were given, so that one task cannot run for ever."""
    total = 0
    while total < most:
        count = pull(name, effect, batch=batch)
        total += count
        if count < batch:
            break
    return total
