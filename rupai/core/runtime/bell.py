"""Signals, turned into something the supervisor can wait for."""

import select
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType

from rupai.core.runtime.errors import StopAsked

# A closing terminal sends the same wish twice; only a later one means impatience.
SAME_WISH_SECONDS = 1.0
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


class Bell:
    """Rings when a child ends or when somebody asks to stop; inside ``with`` it owns the process's signals."""

    def __init__(self) -> None:
        self.asked = 0
        self._asked_at = 0.0
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._before: dict[signal.Signals, Handler] = {}
        self._wakeup_before = -1

    def __enter__(self) -> "Bell":
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in (*STOP, signal.SIGCHLD):
            # nohup ignores SIGHUP on purpose.
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        self.close()

    def close(self) -> None:
        """Give the sockets back."""
        self._reader.close()
        self._writer.close()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD and (not self.asked or time.monotonic() - self._asked_at > SAME_WISH_SECONDS):
            self.asked += 1
            self._asked_at = time.monotonic()

    def wait(self, seconds: float) -> None:
        """Sleep until the bell rings or the time is over."""
        if select.select([self._reader], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                self._reader.recv(4096)

    def check(self) -> None:
        """Refuse to go on after somebody asked to stop.

        :raises StopAsked: then.
        """
        if self.asked:
            raise StopAsked
