"""The append-only journal of the sandbox acquirer: what was booked survives the death of the process."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from payments.sandbox.entries import Entry

FILE = "journal.jsonl"


class JournalInUse(Exception):
    """Another process writes to this journal."""


class JournalDamaged(Exception):
    """A line before the last cannot be read, so the journal cannot be trusted."""


class Journal(Protocol):
    """Where entries are kept before they are answered."""

    def append(self, entry: Entry) -> None:
        """Keep one entry, or raise and keep nothing."""


class MemoryJournal:
    """Keep entries in a list, for outcomes that are made in-process and loaded elsewhere later."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, entry: Entry) -> None:
        """Keep one entry."""
        self.entries.append(entry)


class FileJournal:
    """Keep entries in a file, one JSON line each, handed to the kernel before the answer is sent.

    That survives SIGKILL of the process. It is not synced to the disk: a power cut may lose the newest entries.
    """

    def __init__(self, directory: Path) -> None:
        """Open or create the journal and lock it.

        :raises JournalInUse: when another process holds it.
        """
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = directory / FILE
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise JournalInUse(f"Another process writes to {self.path}") from None
        self._size = 0

    def replay(self) -> Iterator[Entry]:
        """Read all entries from the start; a last line that was cut off by a crash is dropped.

        :raises JournalDamaged: naming the line that cannot be read.
        """
        self._size = 0
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    break
                try:
                    yield Entry.read(json.loads(line))
                except ValueError as error:
                    raise JournalDamaged(f"{self.path} line {number}: {error}") from error
                self._size += len(line)
        os.ftruncate(self._file, self._size)

    def append(self, entry: Entry) -> None:
        """Write one entry.

        :raises OSError: when it cannot be written whole, e.g. on a full disk; then nothing of it is kept.
        """
        line = entry.line()
        try:
            written = os.pwrite(self._file, line, self._size)
            if written != len(line):
                raise OSError(f"{self.path}: only {written} of {len(line)} bytes were written")
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(line)

    def close(self) -> None:
        """Close the journal and release its lock."""
        os.close(self._file)
