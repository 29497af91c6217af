"""Executing what was approved, and ending what nobody decided."""

from celery import shared_task

from rupai.approvals.services import decide
from rupai.approvals.services import execute as executing
from rupai.core.queue import Task


@shared_task(name="approvals.execute", base=Task)
def execute(*, approval_id: str) -> bool:
    """Do what was approved, once."""
    return executing.execute(approval_id=approval_id)


@shared_task(name="approvals.sweep", base=Task)
def sweep() -> dict[str, int]:
    """Expire requests whose time is over, and find approved work whose task was lost."""
    return {"expired": decide.expire_waiting(), "enqueued": executing.enqueue_left()}
