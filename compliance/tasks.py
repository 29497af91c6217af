"""Work of compliance: numbering the event log, and verifying chains that are too long for a request."""

from celery import shared_task

from compliance.audit import sequencer
from compliance.models import ChainCheck
from compliance.services import checks
from rupai.core import ids, queue
from rupai.core.queue import Task

# About ten seconds of work; what is left is the next run's, so that a task never comes near its time limit.
_MOST_EVENTS = 50_000


@shared_task(name="compliance.sequence_events", base=Task)
def sequence_events() -> int:
    """Number and chain all waiting events, then wake the log's readers."""
    count = sequencer.sequence(limit=_MOST_EVENTS)
    if count:
        queue.enqueue("core.dispatch_events")
        queue.enqueue("notifications.sweep_webhooks")
    if count >= _MOST_EVENTS:
        queue.enqueue("compliance.sequence_events")
    return count


@shared_task(name="compliance.verify_chain", base=Task, time_limit=3600, soft_time_limit=3500)
def verify_chain(*, check_id: str) -> str:
    """Carry out a verification that somebody asked for; tell how it ended."""
    return checks.carry_out(ids.parse(ChainCheck.prefix, check_id)).state
