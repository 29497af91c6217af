"""Scheduled work of monitoring: signs of life, and rules checked."""

from typing import Any

from celery import Task as CeleryTask
from celery import shared_task

from monitoring.services import heartbeats, invariants
from rupai.core.queue import Task

# A message is given to another worker after 300 s, so the check ends before that.
_MOST_SECONDS = 240


@shared_task(name="monitoring.beat", base=Task, bind=True)
def beat(self: "CeleryTask[..., Any]", *, of: str) -> None:
    """Prove that beat, the broker and a worker of this queue live."""
    heartbeats.beat(queue=of, worker=str(self.request.hostname or ""))


@shared_task(
    name="monitoring.check_invariants", base=Task, soft_time_limit=_MOST_SECONDS + 20, time_limit=_MOST_SECONDS + 40
)
def check_invariants() -> None:
    """Check every rule and keep the verdicts."""
    for outcome in invariants.check_invariants(seconds=_MOST_SECONDS // 4):
        invariants.record(outcome)
    invariants.forget_unregistered()
