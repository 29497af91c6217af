"""Scheduled care of sign-in: what can neither admit nor refuse anybody any more is deleted."""

from celery import shared_task

from rupai.accounts.services import guard, tokens, uses
from rupai.core.queue import Task


@shared_task(name="accounts.forget_sign_ins", base=Task)
def forget_sign_ins() -> int:
    """Delete ended tokens, families, counters and old callers of keys; hourly is often enough."""
    return guard.forget_old() + tokens.forget_old() + uses.forget_old()
