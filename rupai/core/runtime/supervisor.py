"""Start parts in the order of their needs, keep them running, stop them in reverse."""

import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rupai.core.runtime import logfiles, processes
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.parts import Part
from rupai.core.runtime.progress import Progress

GREEN_WITHIN = 60.0
LOOK_EVERY = 0.05
WATCH_EVERY = 5.0
# A part that ends sooner than this after it was ready has failed; one failure more than there are delays is the end.
STEADY_AFTER = 5.0
RESTART_DELAYS = (0.0, 1.0, 2.0, 4.0, 8.0)
EXCUSED_DELAY = 2.0


class State(Enum):
    """Where a part stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"


@dataclass
class Run:
    """A part and its present process."""

    part: Part
    log: Path
    child: processes.Child | None = None
    state: State = State.WAITING
    failures: int = 0
    started: float = 0.0
    ready_since: float = 0.0
    not_before: float = 0.0
    log_start: int = 0

    @property
    def alive(self) -> bool:
        return self.child is not None and not processes.ended(self.child)


class Supervisor:
    """The parent of all parts.

    ``excuse`` names a reason outside of every part, such as a full disk: while there is one, failures are not counted.
    ``adopts`` makes the supervisor responsible for every descendant, which suits a process that does nothing else.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        logs: Path,
        progress: Progress,
        bell: Bell,
        excuse: Callable[[], str] = str,
        adopts: bool = False,
    ) -> None:
        self._runs = {part.name: Run(part=part, log=logs / f"{part.name}.log") for part in parts}
        self._progress = progress
        self._bell = bell
        self._excuse = excuse
        self._excused = ""
        self._adopts = adopts
        self._complete = False
        if adopts:
            processes.adopt_orphans()

    def start(self, *, green: Callable[[], bool] | None = None, said: Callable[[], str] = str) -> None:
        """Start every part as soon as those it needs are ready; return when all are, and the whole is ``green``.

        Until then a part that ends is an error; afterwards it is started again.

        :raises StartError: when a part ends, or is not ready in time; ``said`` tells why the whole is not.
        :raises StopAsked: when a signal asked to stop.
        """
        self.wait_until(self._all_ready, self._awaited, within=600)
        if green:
            self.wait_until(green, said, within=GREEN_WITHIN)
        self._complete = True

    def wait_until(self, done: Callable[[], bool], what: Callable[[], str], *, within: float) -> None:
        """Look after the parts until ``done``, showing ``what`` is awaited.

        :raises StartError: when a part fails for good, or the seconds are over.
        """
        began = time.monotonic()
        while True:
            self._bell.check()
            self._look()
            if done():
                return
            waited = time.monotonic() - began
            if waited > within:
                raise StartError(f"Not ready within {within:.0f} s: {what()}")
            self._progress.status(f"  waiting for {what()} ({waited:.0f} s)")
            self._bell.wait(LOOK_EVERY)

    def watch(self) -> None:
        """Keep every part running until a signal asks to stop.

        :raises StartError: when a part fails again and again.
        :raises StopAsked: when a signal asked to stop.
        """
        while True:
            self._bell.check()
            self._look()
            self._bell.wait(WATCH_EVERY if self._all_ready() else LOOK_EVERY)
            for run in self._runs.values():
                logfiles.trim(run.log)

    def stop(self) -> None:
        """End all parts, those that nobody needs any more first; the second signal cuts the patience short."""
        while wave := [run for run in self._runs.values() if run.alive and not self._needed(run.part.name)]:
            self._progress.status(f"  stopping {', '.join(run.part.name for run in wave)}")
            self._end(wave)
        for run in self._runs.values():
            run.state = State.WAITING
        if self._adopts:
            _end_orphans()

    def pid(self, name: str) -> int:
        """Return the process id of a running part."""
        child = self._runs[name].child
        if child is None:
            raise StartError(f"{name} does not run")
        return child.pid

    def _all_ready(self) -> bool:
        return all(run.state is State.READY for run in self._runs.values() if not run.part.aside)

    def _awaited(self) -> str:
        return ", ".join(run.part.name for run in self._runs.values() if run.state is State.STARTING) or "the next part"

    def _look(self) -> None:
        for run in self._runs.values():
            self._step(run)
        if self._adopts:
            processes.reap_orphans([run.child.pid for run in self._runs.values() if run.child])

    def _step(self, run: Run) -> None:
        if run.state is State.WAITING:
            ready = all(self._runs[name].state is State.READY for name in run.part.after)
            if ready and (self._complete or not run.part.aside) and time.monotonic() >= run.not_before:
                self._launch(run)
        elif run.part.task and run.state is State.READY:
            return
        elif run.child is None or not run.alive:
            self._has_ended(run)
        elif run.state is State.STARTING:
            self._look_whether_ready(run, run.child)

    def _launch(self, run: Run) -> None:
        part = run.part
        if part.prepare:
            part.prepare()
        logfiles.trim(run.log)
        run.log_start = run.log.stat().st_size if run.log.exists() else 0
        run.child = processes.spawn(
            part.command,
            environment=part.environment,
            cwd=part.cwd,
            log=run.log,
            account=part.account,
            death_signal=part.death_signal,
        )
        run.started = time.monotonic()
        run.state = State.STARTING

    def _look_whether_ready(self, run: Run, child: processes.Child) -> None:
        if not run.part.task and (run.part.ready is None or run.part.ready()):
            self._is_ready(run)
        elif time.monotonic() - run.started > run.part.ready_within:
            if not self._complete:
                raise StartError(f"{run.part.name} is not ready after {run.part.ready_within:.0f} s{self._words(run)}")
            processes.kill_group(child, signal.SIGKILL)

    def _is_ready(self, run: Run) -> None:
        run.state = State.READY
        run.ready_since = time.monotonic()
        again = self._complete and not run.part.aside
        word = "restarted" if again else "done" if run.part.task else "ready" if run.part.ready else "started"
        self._progress.line(f"  {run.part.name:<12} {word:<9} {time.monotonic() - run.started:5.1f} s")

    def _has_ended(self, run: Run) -> None:
        code = run.child.returncode if run.child else 0
        if run.part.task and code == 0:
            if run.part.finish:
                run.part.finish()
            self._is_ready(run)
            return
        if run.part.aside:
            run.state = State.READY
            self._progress.line(f"  {run.part.name:<12} failed ({_how(code)}){self._words(run)}")
            return
        if not self._complete or run.part.task:
            raise StartError(f"{run.part.name} failed ({_how(code)}){self._words(run)}")
        self._restart_later(run, code)

    def _restart_later(self, run: Run, code: int) -> None:
        now = time.monotonic()
        steady = run.state is State.READY and now - run.ready_since >= STEADY_AFTER
        run.state = State.WAITING
        excuse = self._excuse()
        if excuse:
            run.not_before = now + EXCUSED_DELAY
        else:
            run.failures = 1 if steady else run.failures + 1
            if run.failures > len(RESTART_DELAYS):
                raise StartError(f"{run.part.name} keeps failing ({_how(code)}){self._words(run)}")
            run.not_before = now + RESTART_DELAYS[run.failures - 1]
        if not excuse or excuse != self._excused:
            self._progress.line(
                f"  {run.part.name:<12} {_how(code)}; starting it again{f' ({excuse})' if excuse else ''}"
            )
        self._excused = excuse

    def _words(self, run: Run) -> str:
        # A full disk also swallows what the part wanted to say.
        reasons = [text for text in (logfiles.last_words(run.log, since=run.log_start), self._excuse()) if text]
        return f": {'; '.join(reasons)} (log: {run.log})" if reasons else f" (log: {run.log})"

    def _needed(self, name: str) -> bool:
        return any(run.alive and self._needs(run.part, name) for run in self._runs.values())

    def _needs(self, part: Part, name: str) -> bool:
        return name in part.after or any(self._needs(self._runs[other].part, name) for other in part.after)

    def _end(self, wave: Iterable[Run]) -> None:
        began = time.monotonic()
        for run in wave:
            if run.child and not processes.ended(run.child):
                run.child.send_signal(run.part.stop_signal)
        while left := [run for run in wave if run.alive]:
            waited = time.monotonic() - began
            for run in left:
                if run.child and (self._bell.asked > 1 or waited > run.part.stop_within):
                    processes.kill_group(run.child, signal.SIGKILL)
            self._bell.wait(LOOK_EVERY)


def _end_orphans() -> None:
    deadline = time.monotonic() + 5.0
    while (orphans := processes.children()) and time.monotonic() < deadline:
        for pid in orphans:
            processes.kill(pid, signal.SIGKILL)
        processes.reap_orphans([])
        time.sleep(LOOK_EVERY)


def _how(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
