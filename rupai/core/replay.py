"""Sending dead letters again, or giving them up for good."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import transaction

from rupai.core import clock, queue
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, WrongState
from rupai.core.models import DeadLetter, HandlerRun

log = structlog.get_logger(__name__)


def replay(letters: Iterable[DeadLetter], *, by: str = "") -> int:
    """Send given-up tasks again, each at most once per call, and tell how many were sent; discarded ones stay."""
    count = 0
    for letter in letters:
        with transaction.atomic():
            found = DeadLetter.objects.select_for_update(skip_locked=True)
            locked = found.filter(pk=letter.pk, discarded_at__isnull=True).first()
            if locked is not None:
                _send(locked, by)
                count += 1
    return count


def send_again(*, actor: Actor, letter_id: int, seen: datetime | None) -> DeadLetter:
    """Send one dead letter again; ``seen`` is when it was last sent again as the caller knows it, so that a form that
    is sent twice sends the task once.

    :raises NotFound: when there is no such letter.
    :raises WrongState: when it was discarded, or sent again meanwhile.
    """
    actor.require("*")
    with transaction.atomic():
        letter = _locked(letter_id)
        if letter.replayed_at != seen:
            raise WrongState("It was sent again already", hint="Look at it once more before you repeat it.")
        _send(letter, actor.id)
    log.info("dead letter sent again", letter=letter_id, task=letter.task, by=actor.id)
    return letter


def discard(*, actor: Actor, letter_id: int) -> DeadLetter:
    """Give a dead letter up for good: it is kept, but counts as settled and cannot be sent again.

    :raises NotFound: when there is no such letter.
    :raises WrongState: when it was discarded before.
    """
    actor.require("*")
    with transaction.atomic():
        letter = _locked(letter_id)
        letter.discarded_at, letter.decided_by = clock.now(), actor.id
        letter.save(update_fields=["discarded_at", "decided_by"])
    log.info("dead letter discarded", letter=letter_id, task=letter.task, by=actor.id)
    return letter


def _locked(letter_id: int) -> DeadLetter:
    letter = DeadLetter.objects.select_for_update().filter(pk=letter_id).first()
    if letter is None:
        raise NotFound(f"No dead letter {letter_id}")
    if letter.discarded_at is not None:
        raise WrongState("This dead letter was discarded")
    return letter


def _send(letter: DeadLetter, by: str) -> None:
    if letter.task == "core.run_handler":
        HandlerRun.objects.filter(pk=letter.arguments["run_id"], state=HandlerRun.State.DEAD).update(
            state=HandlerRun.State.PENDING, tries=0, due_at=clock.now(), finished_at=None
        )
    queue.enqueue(letter.task, **letter.arguments)
    letter.replayed_at, letter.decided_by = clock.now(), by
    letter.save(update_fields=["replayed_at", "decided_by"])
