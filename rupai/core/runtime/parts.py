"""A part of the platform as data: what to run, when it is ready, how to end it."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rupai.core.runtime.accounts import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One child process; ``after`` names the parts that must be ready before it starts."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: Path
    after: tuple[str, ...] = ()
    # A task runs to its end, which must be a success; anything else runs until it is stopped.
    task: bool = False
    # A task beside the platform: it starts once everything else is ready, nobody waits for it, and nothing but its own
    # work is lost when it fails.
    aside: bool = False
    account: Account | None = None
    prepare: Callable[[], None] | None = None
    # Asked again and again; without it a part is ready once it runs, a task once it succeeded.
    ready: Callable[[], bool] | None = None
    finish: Callable[[], None] | None = None
    ready_within: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    death_signal: signal.Signals = signal.SIGKILL
