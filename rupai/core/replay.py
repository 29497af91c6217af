"""Sending dead letters again."""

from collections.abc import Iterable

from django.db import transaction

from rupai.core import clock, queue
from rupai.core.models import DeadLetter, HandlerRun


def replay(letters: Iterable[DeadLetter]) -> int:
    """Send given-up tasks again, each at most once per call, and tell how many were sent."""
    count = 0
    for letter in letters:
        with transaction.atomic():
            locked = DeadLetter.objects.select_for_update(skip_locked=True).filter(pk=letter.pk).first()
            if locked is None:
                continue
            if locked.task == "core.run_handler":
                HandlerRun.objects.filter(pk=locked.arguments["run_id"], state=HandlerRun.State.DEAD).update(
                    state=HandlerRun.State.PENDING, tries=0, due_at=clock.now(), finished_at=None
                )
            queue.enqueue(locked.task, **locked.arguments)
            locked.replayed_at = clock.now()
            locked.save(update_fields=["replayed_at"])
            count += 1
    return count
