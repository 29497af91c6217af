"""Small charts as SVG, computed on the server: lines, bars and the change against a time before."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 100, 24
_EDGE = 1.5


def line(values: Sequence[int | float]) -> str:
    """The points of a polyline in a view box of 100 by 24; no values give no points."""
    if not values:
        return ""
    low, high = min(values), max(values)
    spread = (high - low) or 1
    step = WIDTH / max(1, len(values) - 1)
    room = HEIGHT - 2 * _EDGE
    points = [
        (index * step, HEIGHT - _EDGE - room * float(value - low) / float(spread)) for index, value in enumerate(values)
    ]
    if len(points) == 1:
        points.append((float(WIDTH), points[0][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def per_cent(part: int | float, whole: int | float) -> float:
    """How much of the whole a part is, from 0 to 100; nothing of nothing is 0."""
    if not whole:
        return 0.0
    return max(0.0, min(100.0, 100.0 * float(part) / float(whole)))


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a figure: ``way`` is up, down or same; ``text`` is its size, or empty if nothing was before."""

    way: str
    text: str
    words: str


def change(now: int | float, before: int | float | None) -> Change:
    """Compare a figure with the same one of the period before."""
    if not before:
        return Change("same", "", "nothing to compare with")
    moved = 100.0 * (float(now) - float(before)) / float(before)
    size = f"{abs(moved):.1f}%"
    if abs(moved) < 0.05:
        return Change("same", "0%", "as before")
    return Change("up", size, f"up {size}") if moved > 0 else Change("down", size, f"down {size}")
