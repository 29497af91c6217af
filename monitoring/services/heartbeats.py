"""Signs of life of the workers."""

from monitoring.models import Heartbeat
from rupai.core import clock


def beat(*, queue: str, worker: str) -> None:
    """Note that a worker took a task from a queue just now."""
    Heartbeat.objects.update_or_create(queue=queue, defaults={"worker": worker[:120], "at": clock.now()})
