"""The answer of ``/ready``: every check with its state and milliseconds, within bounds whatever hangs."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog

from monitoring.probes import checks

log = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

# A name server or a full disk may hang a check outside of its own time-outs.
PATIENCE_SECONDS = 2.5
# Anybody may ask; a crowd of askers gets one answer, so it cannot exhaust the database's connections.
REMEMBERED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check: ``state`` is ``ok``, ``failed`` or ``skipped``, ``reason`` why."""

    state: str
    milliseconds: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All checks by name."""

    checks: dict[str, Verdict]

    @property
    def ready(self) -> bool:
        return all(verdict.state == "ok" for verdict in self.checks.values())


_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ready")
_lock = threading.Lock()
_last: tuple[float, Report] | None = None


def report() -> Report:
    """Ask everything, unless it was asked within the last second or is being asked at this moment."""
    global _last
    before = _last
    # Only the first askers of all wait for each other: a crowd must not hold every thread of the web server.
    if not _lock.acquire(blocking=before is None):
        assert before is not None
        return before[1]
    try:
        if _last is None or time.monotonic() - _last[0] > REMEMBERED_SECONDS:
            found = _ask()
            _last = time.monotonic(), found
        return _last[1]
    finally:
        _lock.release()


def forget() -> None:
    """Make the next report a fresh one."""
    global _last
    _last = None


def _ask() -> Report:
    database = _pool.submit(_ask_database)
    broker = _pool.submit(_timed, checks.broker)
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = _outcome(database, deadline, dict.fromkeys(("database", "migrations", "workers"), _late()))
    return Report({**found, "broker": _outcome(broker, deadline, _late())})


def _late() -> Verdict:
    return Verdict("failed", round(PATIENCE_SECONDS * 1000), "no answer in time")


def _outcome(asked: "Future[Answer]", deadline: float, otherwise: Answer) -> Answer:
    try:
        return asked.result(max(0.0, deadline - time.monotonic()))
    except TookTooLong:
        asked.cancel()
        return otherwise


def _ask_database() -> dict[str, Verdict]:
    opened: list[checks.Connection] = []
    found = {"database": _timed(lambda: opened.append(checks.open_database()), lambda: checks.database(opened[0]))}
    try:
        for name, check in (("migrations", checks.migrations), ("workers", checks.workers)):
            found[name] = _timed(partial(check, opened[0])) if opened else Verdict("skipped", 0, "needs the database")
    finally:
        for connection in opened:
            connection.close()
    return found


def _timed(*steps: Callable[[], None]) -> Verdict:
    started = time.perf_counter()
    state, reason = "ok", ""
    try:
        for step in steps:
            step()
    except checks.NotReady as refusal:
        state, reason = "failed", str(refusal)
    except Exception as error:
        # Words of drivers name hosts and users, so they go to the log only.
        log.warning("readiness", error=f"{type(error).__name__}: {error}")
        state, reason = "failed", "error"
    return Verdict(state, round((time.perf_counter() - started) * 1000), reason)
