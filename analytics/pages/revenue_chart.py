"""The drawing of revenue: what came, and a band for what is expected; one for each width of its place."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from analytics.selectors.days import week_of
from analytics.selectors.revenue import Expected, Period, Revenue
from rupai.pages import formats
from rupai.pages.drawing import SIZES, Size, round_up

# Room for amounts beside the lines, and for periods below them.
_LEFT, _RIGHT, _ABOVE, _BELOW = 66, 22, 10, 28


def drawings_of(found: Revenue, *, whole: Sequence[Period], by: str) -> list[dict[str, Any]]:
    """Draw gross and net revenue of the periods that are over, and the expected ones after them."""
    if not whole:
        return []
    values = (
        [each.gross for each in whole] + [each.net for each in whole] + [each.point.high for each in found.expected]
    )
    low, high = min(0, *values), max([*values, 1])
    bounds = (-round_up(-low) if low else 0, round_up(high))
    starts = [each.start for each in whole] + [each.start for each in found.expected]
    labels = [_short(start, by) for start in starts]
    return [_drawing(size, whole, found.expected, labels, bounds, found.currency) for size in SIZES]


def _drawing(
    size: Size,
    whole: Sequence[Period],
    expected: Sequence[Expected],
    labels: Sequence[str],
    bounds: tuple[int, int],
    currency: str,
) -> dict[str, Any]:
    low, high = bounds
    step = size.width / max(1, len(labels) - 1)

    def y(value: int) -> float:
        return size.height * (high - value) / (high - low)

    def points(start: int, values: Sequence[int]) -> str:
        return " ".join(f"{(start + place) * step:.1f},{y(value):.1f}" for place, value in enumerate(values))

    last = len(whole) - 1
    # The band opens where the last whole period ends.
    upper = [whole[last].gross, *(each.point.high for each in expected)]
    lower = [whole[last].gross, *(each.point.low for each in expected)]
    backwards = points(last, lower).split(" ")[::-1]
    every = -(-len(labels) // size.most)
    return {
        "name": size.name,
        "box": f"-{_LEFT} -{_ABOVE} {size.width + _LEFT + _RIGHT} {size.height + _ABOVE + _BELOW}",
        "width": size.width,
        "below": size.height + _BELOW - 8,
        "gross": points(0, [each.gross for each in whole]),
        "net": points(0, [each.net for each in whole]),
        "mean": points(last, [whole[last].gross, *(each.point.mean for each in expected)]) if expected else "",
        "band": f"{points(last, upper)} {' '.join(backwards)}" if expected else "",
        "lines": [_line(low + (high - low) * part // 4, y, currency) for part in range(5)],
        "labels": [
            {"x": f"{place * step:.1f}", "text": text} for place, text in enumerate(labels) if place % every == 0
        ],
    }


def _line(value: int, y: Any, currency: str) -> dict[str, str]:
    return {"y": f"{y(value):.1f}", "text": formats.short_money(value, currency)}


def _short(start: date, by: str) -> str:
    """A period where there is little room: ``2 Mar``, ``W09`` or ``Mar``."""
    if by == "week":
        return week_of(start).partition("-")[2]
    return f"{start.day} {start:%b}" if by == "day" else f"{start:%b}"


def words_of(start: date, by: str) -> str:
    """A period where there is room: ``2 March 2026``, ``Week 9, from 23 February 2026`` or ``March 2026``."""
    day = f"{start.day} {start:%B %Y}"
    if by == "week":
        return f"Week {start.isocalendar().week}, from {day}"
    return day if by == "day" else f"{start:%B %Y}"
