"""Running a service's own code to see what it would say, with nothing of it left afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction

from rupai.core.actor import Actor


@contextmanager
def rehearsal() -> Iterator[None]:
    """A transaction of its own that is always rolled back, what it wanted to happen on commit included.

    Locks inside it wait and are waited for as in earnest; a refusal passes through.
    """
    with transaction.atomic(durable=True):
        yield
        transaction.set_rollback(True)


def unbound(actor: Actor) -> Actor:
    """The actor without the bounds of a mandate, for a rehearsal whose mandate is asked about beside it."""
    return replace(actor, kind="user")
