"""The Celery application: five queues, late acknowledgement, bounded time."""

import os
import signal

from celery import Celery
from celery.beat import Service
from celery.signals import beat_init, setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.dev")

app = Celery("rupai")
app.config_from_object("rupai.settings.celery")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_: object) -> None:
    """Celery would replace the JSON logs; a connected receiver keeps it from doing so."""


@beat_init.connect
def _end_between_two_ticks(sender: Service, **_: object) -> None:
    """Let a signal only ask beat to end.

    Celery's own handler writes the schedule at once, over the connection that the interrupted code may just be using
    and have locked; then it waits for itself for ever. The loop writes the schedule as it ends, within a second.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sender.stop())
