"""Small charts as SVG, computed on the server: lines, bars and the change against a time before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


# Room for the words beside and below the lines.
_LEFT, _RIGHT, _ABOVE, _BELOW = 40, 22, 10, 28


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing whose words are readable in a place of about its width; at most ``most`` moments stand below it."""

    name: str
    width: int
    height: int
    most: int


SIZES = (Size("narrow", 290, 190, 4), Size("middle", 500, 210, 5), Size("wide", 720, 220, 7))


def two_lines(moments: list[datetime], good: list[int], bad: list[int]) -> dict[str, Any]:
    """Two counts over time: one drawing for each width of its place, and the same figures as rows of a table."""
    top = round_up(max([*good, *bad, 1]))
    return {
        "drawings": [_drawing(size, moments, good, bad, top) for size in SIZES],
        "rows": list(zip(moments, good, bad, strict=True)),
        "empty": not any(good) and not any(bad),
    }


def _drawing(size: Size, moments: list[datetime], good: list[int], bad: list[int], top: int) -> dict[str, Any]:
    width, height = size.width, size.height
    step = width / max(1, len(good) - 1)

    def points(values: list[int]) -> str:
        return " ".join(f"{place * step:.1f},{height - height * value / top:.1f}" for place, value in enumerate(values))

    return {
        "name": size.name,
        "box": f"-{_LEFT} -{_ABOVE} {width + _LEFT + _RIGHT} {height + _ABOVE + _BELOW}",
        "good": points(good),
        "area": f"0,{height} {points(good)} {width:.1f},{height}",
        "bad": points(bad),
        "lines": [{"y": height - height * part / 4, "value": top * part // 4} for part in range(5)],
        "labels": list(_labels(moments, step, size.most)),
        "width": width,
        "below": height + _BELOW - 8,
    }


def _labels(moments: list[datetime], step: float, most: int) -> Iterator[dict[str, Any]]:
    every = -(-len(moments) // most)
    return ({"x": f"{place * step:.1f}", "at": at} for place, at in enumerate(moments) if place % every == 0)


def round_up(value: int) -> int:
    """The next number that four equal steps reach in whole ones."""
    size = 4
    while size < value:
        size *= 2 if str(size)[0] in "48" else 5
        if size >= value:
            break
    return size
