"""Scheduled care of the ledger."""

from celery import shared_task
from django.db import transaction

from rupai.core import clock
from rupai.core.queue import Task
from wallets.services import holds
from wallets.services.ledger import expire_pending


@shared_task(name="wallets.expire_holds", base=Task)
def expire_holds() -> int:
    """Release the holds whose time is up; those beyond one batch wait for the next run."""
    now = clock.now()
    # Of the end of wallets' own it is told, so that no other way may end them.
    released = holds.expire_holds(at=now)
    with transaction.atomic(durable=True):
        return released + expire_pending(at=now, besides=[holds.KIND])
