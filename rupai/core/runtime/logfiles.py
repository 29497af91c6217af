"""Where the parts of the platform write, kept small, and what they said last."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

KEPT_BYTES = 20 * 1024 * 1024
TAIL_BYTES = 16 * 1024
LINE_LENGTH = 300
# PostgreSQL ends with "database system is shut down"; the reason stands before it.
TELLING = re.compile(r"\b(FATAL|PANIC|CRITICAL)\b|^initdb: error:|No space left on device")


def trim(log: Path) -> None:
    """Move a long log aside, replacing the one moved before; writers append, so they go on in the emptied file."""
    with suppress(OSError):
        if log.stat().st_size > KEPT_BYTES:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)


def last_words(log: Path, *, since: int = 0) -> str:
    """Return the line that best says why a part ended: the last grave one, else the last.

    ``since`` is the length of the log when the part started; older lines are another run's.
    """
    if not log.exists():
        return ""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(since if since <= size else 0, size - TAIL_BYTES))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    grave = [line for line in lines if TELLING.search(line)]
    return (grave or lines or [""])[-1][:LINE_LENGTH]
