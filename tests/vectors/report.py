"""What a replay found: how many expectations held, which did not, and which do not apply to us."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Report:
    """Counts of one file; ``mismatches`` are lines of text, ``excluded`` counts expectations by reason."""

    passed: int = 0
    mismatches: list[str] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.passed + len(self.mismatches)

    def expect(self, where: str, *, expected: Any, got: Any) -> None:
        """Count one expectation."""
        if expected == got:
            self.passed += 1
        else:
            self.mismatches.append(f"{where}: expected {expected!r}, got {got!r}")

    def exclude(self, reason: str, count: int = 1) -> None:
        """Count expectations that are not ours to meet."""
        self.excluded[reason] += count

    def lines(self, name: str) -> list[str]:
        """Write the result: one line for the file, one for what is out, one for each mismatch."""
        text = [f"{name}: {self.passed}/{self.total}"]
        if self.excluded:
            reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(self.excluded.items()))
            text.append(f"  excluded {self.excluded.total()}: {reasons}")
        return text + [f"  {line}" for line in self.mismatches]
