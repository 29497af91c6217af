"""Work of analytics by the clock."""

from celery import shared_task

from analytics.services import rollups
from rupai.core.queue import Task


@shared_task(name="analytics.roll_up", base=Task)
def roll_up() -> int:
    """Add what is new in the log to the sums."""
    return rollups.catch_up()


@shared_task(name="analytics.forget_minutes", base=Task)
def forget_minutes() -> int:
    """Delete old minutes."""
    return rollups.forget_minutes()
