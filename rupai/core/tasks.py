"""Scheduled care of the event log and of keys."""

from celery import shared_task

from rupai.core import dispatch, idempotency
from rupai.core.errors import Retryable
from rupai.core.queue import Task


# One try more than the row counts, so that the row gives up first and there is one dead letter, not two.
@shared_task(name="core.run_handler", base=Task, max_retries=dispatch.MOST_TRIES)
def run_handler(*, run_id: int) -> None:
    """Run one event handler; its tries are counted in its own row."""
    try:
        dispatch.run(run_id)
    except Exception as error:
        raise Retryable(f"{type(error).__name__}: {error}") from error


@shared_task(name="core.dispatch_events", base=Task)
def dispatch_events() -> int:
    """Open handler runs for new events and enqueue those that are due."""
    return dispatch.dispatch() + dispatch.sweep()


@shared_task(name="core.forget_idempotency", base=Task)
def forget_idempotency() -> int:
    return idempotency.forget_expired()
