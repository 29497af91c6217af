"""The Celery application: five queues, late acknowledgement, bounded time."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.dev")

app = Celery("rupai")
app.config_from_object("rupai.settings.celery")
app.autodiscover_tasks()


@setup_logging.connect
def _keep_django_logging(**_: object) -> None:
    """Celery would replace the JSON logs; a connected receiver keeps it from doing so."""
