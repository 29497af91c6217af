"""Where apps above plug in what they measure of themselves for the performance report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from rupai.core.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How one thing (a provider, a route of the API) did: calls, their outcomes, and milliseconds; None is unknown."""

    area: str
    name: str
    count: int
    succeeded: int
    failed: int
    p50_ms: int | None
    p95_ms: int | None

    @property
    def success_rate(self) -> float | None:
        """A part of those with an outcome, from 0 to 1."""
        ended = self.succeeded + self.failed
        return round(self.succeeded / ended, 6) if ended else None


Measure = Callable[[Actor, datetime, datetime], Iterable[Measured]]
_parts: dict[str, dict[str, Measure]] = {}


def performance_part(name: str, *, scope: str) -> Callable[[Measure], Measure]:
    """Add a part to performance reports of a scope: what an actor's merchant saw between two moments."""

    def register(measure: Measure) -> Measure:
        _parts.setdefault(scope, {})[name] = measure
        return measure

    return register


def parts_of(scope: str) -> dict[str, Measure]:
    """The parts of a scope by name, in the order of their names."""
    return dict(sorted(_parts.get(scope, {}).items()))
