"""Run the rules that must hold in the database, and remember how they ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, connection, transaction

from monitoring.models import InvariantResult
from rupai.core import clock
from rupai.core.invariants import Invariant, registered

log = structlog.get_logger(__name__)
State = InvariantResult.State
KEPT_LINES = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's verdict; ``lines`` are its violations, or the reason why it could not be checked."""

    rule: Invariant
    state: InvariantResult.State
    lines: list[str]
    milliseconds: int

    @property
    def count(self) -> int:
        return len(self.lines) if self.state == State.BROKEN else 0


def check_invariants(*, seconds: int = 0) -> Iterator[Outcome]:
    """Run every rule, each on one snapshot of its own, so that work in progress is no violation.

    ``seconds`` bounds a single statement; 0 sets no bound.
    """
    for rule in registered():
        yield _check(rule, seconds)


def record(outcome: Outcome) -> None:
    """Keep a verdict for ``/metrics``; a broken rule is also an error in the log."""
    InvariantResult.objects.update_or_create(
        name=outcome.rule.name,
        defaults={
            "title": outcome.rule.title[:200],
            "state": outcome.state,
            "count": outcome.count,
            "violations": outcome.lines[:KEPT_LINES],
            "milliseconds": outcome.milliseconds,
            "checked_at": clock.now(),
        },
    )
    if outcome.state != State.HOLDS:
        log.error("invariant", name=outcome.rule.name, state=outcome.state, lines=outcome.lines[:KEPT_LINES])


def forget_unregistered() -> int:
    """Delete the results of rules that no longer exist; tell how many."""
    names = [rule.name for rule in registered()]
    return InvariantResult.objects.exclude(name__in=names).delete()[0]


def _check(rule: Invariant, seconds: int) -> Outcome:
    started = time.perf_counter()
    try:
        with _one_snapshot(seconds):
            lines = rule.check()
        state = State.BROKEN if lines else State.HOLDS
    except DatabaseError as error:
        state, lines = State.FAILED, [f"{type(error).__name__}: {error}".strip()[:300]]
    return Outcome(rule, state, lines, round((time.perf_counter() - started) * 1000))


@contextmanager
def _one_snapshot(seconds: int) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield
