"""Delivery of events to their handlers: at least once, at most five tries, then a dead letter."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from rupai.core import clock, logs, queue, readers
from rupai.core.events import handler_name, handler_named, handlers_of
from rupai.core.models import DeadLetter, Event, HandlerRun

MOST_TRIES = 5
# A worker that died in the middle of a handler leaves its run pending; it is due again after this pause.
LEASE = timedelta(seconds=60)


def dispatch() -> int:
    """Open a run for each new (event, handler) and enqueue it; tell how many events were read."""
    return readers.drain("handlers", _open_runs)


def _open_runs(events: Sequence[Event]) -> None:
    due = clock.now() + LEASE
    runs = [
        HandlerRun(event=event, handler=handler_name(handler), due_at=due)
        for event in events
        for handler in handlers_of(event.type)
    ]
    for run in HandlerRun.objects.bulk_create(runs, ignore_conflicts=False):
        queue.enqueue("core.run_handler", run_id=run.pk)


def sweep(*, limit: int = 500) -> int:
    """Enqueue the runs whose time has come: lost by the broker, or left by a dead worker."""
    due = HandlerRun.objects.filter(state=HandlerRun.State.PENDING, due_at__lte=clock.now()).order_by("due_at")
    keys = list(due.values_list("pk", flat=True)[:limit])
    for key in keys:
        queue.enqueue("core.run_handler", run_id=key)
    return len(keys)


def run(run_id: int) -> bool:
    """Run one handler unless it is done; tell whether it is done now.

    The try is counted in a transaction of its own before the handler starts, so a handler that kills its worker is
    given up too.
    """
    claimed = _claim(run_id)
    if claimed is None:
        return False
    handler = handler_named(claimed.handler)
    try:
        if handler is not None:
            with logs.correlated(claimed.event.correlation_id):
                handler(claimed.event)
    except Exception as error:
        if claimed.tries >= MOST_TRIES:
            _give_up(claimed, error)
            return False
        raise
    HandlerRun.objects.filter(pk=run_id).update(state=HandlerRun.State.DONE, finished_at=clock.now())
    return True


def _claim(run_id: int) -> HandlerRun | None:
    with transaction.atomic():
        found = HandlerRun.objects.select_for_update(skip_locked=True, of=("self",)).select_related("event")
        claimed = found.filter(pk=run_id, state=HandlerRun.State.PENDING).first()
        if claimed is None:
            return None
        if claimed.tries >= MOST_TRIES:
            _give_up(claimed, RuntimeError("The worker died while it ran"))
            return None
        HandlerRun.objects.filter(pk=run_id).update(tries=F("tries") + 1, due_at=clock.now() + LEASE)
        claimed.tries += 1
        return claimed


def _give_up(claimed: HandlerRun, error: Exception) -> None:
    with transaction.atomic():
        HandlerRun.objects.filter(pk=claimed.pk).update(state=HandlerRun.State.DEAD, finished_at=clock.now())
        DeadLetter.objects.create(
            task="core.run_handler",
            queue=queue.queue_of("core.run_handler"),
            arguments={"run_id": claimed.pk},
            error=f"{claimed.handler}: {type(error).__name__}: {error}"[:2000],
            tries=claimed.tries,
            correlation_id=claimed.event.correlation_id,
            created_at=clock.now(),
        )
