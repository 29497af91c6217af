"""``python -m tests.vectors FILE...``: replay reference vectors against the real code.

Prints ``<file>: <passed>/<total>``, what does not apply and why, and every mismatch. Exits 0 only when all files were
recognised and every applicable expectation held.
"""

import json
import sys
from pathlib import Path

from tests.vectors.scratch import scratch_ledger


def main(arguments: list[str]) -> int:
    """Replay files in order; return the exit status."""
    if not arguments:
        print(__doc__)
        return 2
    with scratch_ledger():
        held = [_replay(Path(name)) for name in arguments]
    return 0 if all(held) else 1


def _replay(file: Path) -> bool:
    from django.db import DatabaseError

    from tests.vectors.formats import format_of

    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        print(f"{file.name}: cannot be read: {problem}")
        return False
    known = format_of(content)
    if known is None:
        print(f"{file.name}: no known format")
        return False
    try:
        report = known.replay(content)
    except (ArithmeticError, DatabaseError, LookupError, TypeError, ValueError) as problem:
        # Rows that are not what the format promises; the files after this one are replayed all the same.
        print(f"{file.name}: not a file of {known.name}: {type(problem).__name__}: {problem}")
        return False
    print("\n".join(report.lines(file.name)))
    return report.total > 0 and not report.mismatches


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
