"""The seasonal naive forecast: what was one season ago comes again. Pure, in whole numbers.

The interval is that of split conformal prediction (Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
2005) around the forecast's own errors: as far to each side as 90 % of the errors in a back-test over all of the history
were, counted with one more than there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

# Of so few errors none is large enough to stand for 90 %.
LEAST_ERRORS = 9
_NINE_TENTHS = Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Point:
    """A period to come: what is expected, and the ends of a 90 % interval, in the unit of the history."""

    mean: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """Points from the first period after the history on, and how the same rule did in the past.

    ``mape`` is the mean absolute error as a fraction of what came, over ``periods`` of the history that had anything.
    There may be fewer points than asked for: each lies within the reach of at least nine errors.
    """

    season: int
    points: list[Point]
    mape: float
    periods: int


def forecast(history: Sequence[int], *, periods: int, seasons: Sequence[int]) -> Forecast | None:
    """Foretell ``periods`` values, none of them below zero, after a history without gaps, the oldest first.

    Of the ``seasons``, best first, the first one counts for which there is enough history; None when there is none.
    """
    season = next((each for each in seasons if len(history) >= each + LEAST_ERRORS), None)
    if season is None:
        return None
    pairs = [(then, now) for then, now in zip(history, history[season:], strict=False) if now > 0]
    points = [point for ahead in range(1, periods + 1) if (point := _point(history, season, ahead)) is not None]
    if not pairs or not points:
        return None
    mape = sum(Fraction(abs(now - then), now) for then, now in pairs) / len(pairs)
    return Forecast(season, points, round(float(mape), 6), len(pairs))


def _point(history: Sequence[int], season: int, ahead: int) -> Point | None:
    """The value so many periods ahead, with the errors that the same distance made in the past."""
    lag = -(-ahead // season) * season
    errors = sorted(abs(now - then) for then, now in zip(history, history[lag:], strict=False))
    if len(errors) < LEAST_ERRORS:
        return None
    mean = history[len(history) + ahead - 1 - lag]
    reach = errors[_rank(len(errors)) - 1]
    return Point(mean, max(0, mean - reach), mean + reach)


def _rank(errors: int) -> int:
    wanted = _NINE_TENTHS * (errors + 1)
    return -(-wanted.numerator // wanted.denominator)
