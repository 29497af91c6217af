"""Scheduled work of monitoring: signs of life, and rules checked."""

from datetime import timedelta
from typing import Any

from celery import Task as CeleryTask
from celery import shared_task

from monitoring.services import heartbeats, invariants
from rupai.core import clock, queue
from rupai.core.invariants import registered
from rupai.core.queue import Task

# A message is given to another worker after 300 s, so the check ends before that.
_MOST_SECONDS = 240
# The hour between two checks, and as much again for one that came late.
_LOOKED_BACK = timedelta(hours=2)


@shared_task(name="monitoring.beat", base=Task, bind=True)
def beat(self: "CeleryTask[..., Any]", *, of: str) -> None:
    """Prove that beat, the broker and a worker of this queue live."""
    heartbeats.beat(queue=of, worker=str(self.request.hostname or ""))


@shared_task(
    name="monitoring.check_invariants", base=Task, soft_time_limit=_MOST_SECONDS + 20, time_limit=_MOST_SECONDS + 40
)
def check_invariants() -> None:
    """Check every rule on what has changed lately, where a rule can do so, and keep the verdicts."""
    since = clock.now() - _LOOKED_BACK
    for outcome in invariants.check_invariants(seconds=_MOST_SECONDS // 4, since=since):
        invariants.record(outcome)
    invariants.forget_unregistered()


@shared_task(name="monitoring.check_in_full", base=Task)
def check_in_full() -> None:
    """Have every rule checked on the whole database, each by a task of its own."""
    for rule in registered():
        queue.enqueue("monitoring.check_invariant", name=rule.name)


@shared_task(
    name="monitoring.check_invariant", base=Task, soft_time_limit=_MOST_SECONDS + 20, time_limit=_MOST_SECONDS + 40
)
def check_invariant(*, name: str) -> None:
    """Check one rule on the whole database and keep the verdict."""
    for outcome in invariants.check_invariants(seconds=_MOST_SECONDS, name=name):
        invariants.record(outcome)
