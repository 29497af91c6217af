"""What the person who starts the platform sees."""

from contextlib import suppress
from typing import TextIO

CLEAR_LINE = "\r\033[K"


class Progress:
    """Plain lines, and on a terminal also one line that is overwritten while something is awaited."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._status = ""

    def line(self, text: str) -> None:
        """Print a line that stays."""
        self._write((CLEAR_LINE if self._status else "") + text + "\n")
        self._status = ""

    def status(self, text: str) -> None:
        """Show what is awaited right now; nothing when the output is piped."""
        if self._terminal and text != self._status:
            self._write(CLEAR_LINE + text)
            self._status = text

    def _write(self, text: str) -> None:
        # The platform goes on when nobody reads its output any more, or the disk below it is full.
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()
