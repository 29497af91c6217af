"""Run the rules that must hold in the database, and remember how they ended."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import DatabaseError, connection, transaction

from monitoring.models import InvariantResult
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.invariants import Invariant, registered

log = structlog.get_logger(__name__)
State = InvariantResult.State
KEPT_LINES = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """One rule's verdict; ``lines`` are its violations, or the reason why it could not be checked.

    ``partial`` when only what has changed was looked at.
    """

    rule: Invariant
    state: InvariantResult.State
    lines: list[str]
    milliseconds: int
    partial: bool = False

    @property
    def count(self) -> int:
        return len(self.lines) if self.state == State.BROKEN else 0


def check_invariants(*, seconds: int = 0, since: datetime | None = None, name: str | None = None) -> Iterator[Outcome]:
    """Run every rule, or the one of a name, each on one snapshot of its own, so that work in progress is no violation.

    ``seconds`` bounds a single statement; 0 sets no bound. With ``since`` a rule that can looks only at what has
    changed after that moment.
    """
    for rule in registered():
        if name in {None, rule.name}:
            yield _check(rule, seconds, since)


def record(outcome: Outcome) -> None:
    """Keep a verdict for ``/metrics``; when a rule breaks or holds again, an event tells of it.

    A verdict on what has changed alone says nothing about the rest: it can break a rule, but not heal it.
    """
    with transaction.atomic():
        known = InvariantResult.objects.select_for_update().filter(name=outcome.rule.name).first()
        was = known.state if known is not None else State.HOLDS
        if not (outcome.partial and outcome.state == State.HOLDS and was != State.HOLDS):
            _keep(outcome)
            if State.BROKEN in {was, outcome.state} and outcome.state not in {was, State.FAILED}:
                _tell(outcome, was)
    if outcome.state != State.HOLDS:
        log.error("invariant", name=outcome.rule.name, state=outcome.state, lines=outcome.lines[:KEPT_LINES])


def _keep(outcome: Outcome) -> None:
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


def _tell(outcome: Outcome, was: str) -> None:
    """Write into the platform's own stream that a rule broke or holds again; the rows concerned stay out of it."""
    told = {"name": outcome.rule.name, "title": outcome.rule.title, "state": outcome.state, "violations": outcome.count}
    events.emit(
        "invariant.broken" if outcome.state == State.BROKEN else "invariant.restored",
        subject=events.PlatformSubject(f"inv_{outcome.rule.name}"),
        actor=Actor.platform("monitoring"),
        data=told,
        changes={"state": [was, str(outcome.state)]},
    )


def forget_unregistered() -> int:
    """Delete the results of rules that no longer exist; tell how many."""
    names = [rule.name for rule in registered()]
    return InvariantResult.objects.exclude(name__in=names).delete()[0]


def _check(rule: Invariant, seconds: int, since: datetime | None) -> Outcome:
    recent = rule.recent if since is not None else None
    started = time.perf_counter()
    try:
        with _one_snapshot(seconds):
            lines = recent(since) if recent is not None and since is not None else rule.check()
        state = State.BROKEN if lines else State.HOLDS
    except DatabaseError as error:
        state, lines = State.FAILED, [f"{type(error).__name__}: {error}".strip()[:300]]
    return Outcome(rule, state, lines, round((time.perf_counter() - started) * 1000), partial=recent is not None)


@contextmanager
def _one_snapshot(seconds: int) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        yield
