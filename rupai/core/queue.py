"""Work for later. The truth is in PostgreSQL: a task is only a nudge, and sweeps find what a lost broker dropped."""

import time
from typing import Any

import structlog
from celery import Task as CeleryTask
from celery import current_app
from django.db import OperationalError, connection, transaction
from kombu.exceptions import EncodeError

from rupai.core import clock, logs
from rupai.core.errors import Retryable
from rupai.core.queue_names import QUEUES

log = structlog.get_logger(__name__)

# Work of the lower floors runs with the queue whose lateness it shares.
_QUEUE_OF_APP = {
    "core": "payments",
    "accounts": "compliance",
    "approvals": "payments",
    "wallets": "payments",
    "subscriptions": "payments",
}
MOST_TRIES = 5
# A message whose holder died goes to the end of the queue after this pause, so that it holds up no other.
REDELIVERY_SECONDS = 1
# Not "correlation_id": Celery keeps its own id under that name.
_CORRELATION = "rupai_correlation_id"
# A broker that hangs costs one caller its time-out; until then the others go on without it.
AWAY_SECONDS = 2.0
_away_until = 0.0


class WorkerDied(Exception):
    """The process that held the task ended before it did: killed, out of memory, or restarted."""


def queue_of(task: str) -> str:
    """The queue of a task, by the app its name begins with."""
    app = task.partition(".")[0]
    return app if app in QUEUES else _QUEUE_OF_APP.get(app, "monitoring")


def enqueue(task: str, **arguments: Any) -> None:
    """Send a task by name once the running transaction has committed; a broker that is away costs nothing but time."""
    headers = {_CORRELATION: logs.correlation_id()}
    transaction.on_commit(lambda: _send(task, arguments, headers))


def _send(task: str, arguments: dict[str, Any], headers: dict[str, str]) -> None:
    global _away_until
    if time.monotonic() < _away_until:
        return
    try:
        current_app.send_task(task, kwargs=arguments, queue=queue_of(task), headers=headers, retry=False)
    except EncodeError:
        raise
    except Exception as error:
        # Drivers raise kinds of their own; the caller's work is committed, so no trouble here may spoil its answer.
        _away_until = time.monotonic() + AWAY_SECONDS
        log.warning("task not sent, a sweep will find the work", task=task, error=f"{type(error).__name__}: {error}")


class Task(CeleryTask[..., Any]):
    """Base of all tasks: acknowledged late, bounded in time, retried with jitter, then kept as a dead letter."""

    acks_late = True
    reject_on_worker_lost = True
    time_limit = 120
    soft_time_limit = 100
    autoretry_for = (Retryable, OperationalError)
    max_retries = MOST_TRIES - 1
    retry_backoff = 2
    retry_backoff_max = 300
    retry_jitter = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with logs.correlated(self._correlation()):
            if (self.request.delivery_info or {}).get("redelivered"):
                # Brokers do not count this alike, so it is counted as a try: a task that kills its worker must end too.
                raise self.retry(exc=WorkerDied("The worker died while it ran"), countdown=REDELIVERY_SECONDS)
            return self.run(*args, **kwargs)

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        from rupai.core.models import DeadLetter

        DeadLetter.objects.create(
            task=self.name,
            queue=queue_of(self.name or ""),
            arguments=kwargs,
            error=logs.clean(f"{type(exc).__name__}: {exc}")[:2000],
            tries=(self.request.retries or 0) + 1,
            correlation_id=self._correlation(),
            created_at=clock.now(),
        )
        if self.request.id is None:
            # After a hard time limit this runs in the parent of the pool: its children must not inherit a connection.
            connection.close()

    def signature_from_request(self, *args: Any, **options: Any) -> Any:
        """Build the message of the next try; Celery would drop the correlation id with all headers not its own."""
        return super().signature_from_request(*args, headers={_CORRELATION: self._correlation()}, **options)

    def _correlation(self) -> str:
        """The id of the request that caused the task; a scheduled task is its own cause."""
        return str(self.request.get(_CORRELATION) or self.request.id or "")
