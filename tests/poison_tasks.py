"""What a worker of the tests runs besides the real tasks: good ones, every kind of poison, and an event's handler.

Each leaves a line in the file that ``RUPAI_TEST_NOTES`` names, so that a test can count tries. The pauses between tries
are short; everything else is as it is for real tasks.
"""

import os
import signal
import time
from pathlib import Path

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded

from rupai.core import events, logs
from rupai.core.errors import Retryable
from rupai.core.models import Event
from rupai.core.queue import Task

log = structlog.get_logger(__name__)


def note(text: str, about: object = "") -> None:
    with Path(os.environ["RUPAI_TEST_NOTES"]).open("a") as file:
        file.write(f"{text} {about or logs.correlation_id()} {time.time():.3f}\n")


@shared_task(name="monitoring.test_good", base=Task)
def good(*, of: str) -> None:
    note(f"good-{of}")


@shared_task(name="monitoring.test_always_fails", base=Task, retry_backoff_max=1)
def always_fails() -> None:
    note("always_fails")
    raise Retryable("the provider is away")


@shared_task(name="monitoring.test_malformed", base=Task, retry_backoff_max=1)
def malformed(*, of: str) -> None:
    note("malformed")
    raise ValueError("whsec_0123456789abcdefghij is not for logs")


@shared_task(name="monitoring.test_endless", base=Task, soft_time_limit=1, time_limit=30)
def endless() -> None:
    note("endless")
    time.sleep(60)


@shared_task(name="monitoring.test_stubborn", base=Task, soft_time_limit=1, time_limit=2)
def stubborn() -> None:
    note("stubborn")
    while True:
        try:
            time.sleep(60)
        except SoftTimeLimitExceeded:
            log.info("goes on")


@shared_task(name="monitoring.test_kills_its_worker", base=Task, retry_backoff_max=1)
def kills_its_worker() -> None:
    note("kills_its_worker")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(name="monitoring.test_tells", base=Task)
def tells() -> None:
    """Write a log line that carries secrets and a correlation id."""
    note("tells")
    log.info("told", password="correct horse", authorization="Bearer x", note="key rk_test_0123456789abcdefghij")


@events.on("thing.happened")
def happened(event: Event) -> None:
    """Handle an event of the tests."""
    note("happened", event.pk)
