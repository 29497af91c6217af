"""How a customer, or a segment of them, behaves in some days against their own past."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from analytics.selectors.days import check_days, zone_for
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.zones import beginning_of

ANALYSES = ("spending_patterns", "engagement_patterns", "churn_risk")
# So many days before those asked for are the past; less when there was nobody yet.
PAST_DAYS = 365
# Of fewer payments nothing is told but what there was.
LEAST = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure and the same of the own past; amounts are minor units of the currency in the name.

    A baseline of counts and amounts is that of as many days. ``p_value`` is the chance that nothing has changed and
    the figures are so far apart all the same, ``z_score`` how many deviations they are apart; None where not valid.
    """

    name: str
    value: int | float
    baseline: int | float | None = None
    z_score: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What was found among ``sample_size`` payments; ``method`` names each statistic that was used."""

    analysis_type: str
    findings: list[Finding]
    sample_size: int
    method: str
    insufficient_data: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days asked for as moments, as far as they are over, and the past before them."""

    past: datetime
    since: datetime
    until: datetime
    zone: ZoneInfo

    @property
    def days(self) -> Fraction:
        return _days(self.until - self.since)

    @property
    def past_days(self) -> Fraction:
        return _days(self.since - self.past)

    @property
    def last_day(self) -> date:
        return (self.until - timedelta(microseconds=1)).astimezone(self.zone).date()

    def scaled(self, past: int) -> float | None:
        """What the past gives for as many days; None when there was none."""
        return float(round(past * self.days / self.past_days, 4)) if self.past_days else None

    def scaled_amount(self, past: int) -> int | None:
        """The same of minor units: rounded once, half to even."""
        return round(past * self.days / self.past_days) if self.past_days else None


def window_of(actor: Actor, start: date, end: date) -> Window | None:
    """The window of days of the merchant's calendar, both included; None when none of it is over yet.

    :raises DateRange: when the days are in the wrong order or too many.
    """
    check_days(start, end)
    zone = zone_for(actor)
    since = beginning_of(start, zone)
    until = min(beginning_of(end + timedelta(days=1), zone), clock.now())
    if until <= since:
        return None
    past = beginning_of(start - timedelta(days=PAST_DAYS), zone)
    return Window(past=past, since=since, until=until, zone=zone)


def nothing(analysis_type: str) -> Behaviour:
    """The answer where nothing has happened."""
    return Behaviour(analysis_type, [], 0, "none: there is no payment to look at", True)


def ratio(part: int, whole: int) -> float | None:
    """A part of a whole from 0 to 1; None of nothing."""
    return round(part / whole, 6) if whole else None


def average(amounts: Sequence[int]) -> int | None:
    """The mean of amounts, rounded once; None of none."""
    return round(Fraction(sum(amounts), len(amounts))) if amounts else None


@dataclass(slots=True)
class Findings:
    """Collects findings; what has no value is left out, and each method is named once."""

    found: list[Finding] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)

    def add(self, name: str, value: int | float | None, *, method: str = "", **compared: Any) -> None:
        if value is None:
            return
        rounded = {key: _short(figure) for key, figure in compared.items()}
        self.found.append(Finding(name, value, **rounded))
        if method and method not in self.methods:
            self.methods.append(method)

    def as_behaviour(self, analysis_type: str, sample: int) -> Behaviour:
        method = "; ".join(self.methods) or "counts and sums only"
        return Behaviour(analysis_type, self.found, sample, method, sample < LEAST)


def _short(figure: int | float | None) -> int | float | None:
    return round(figure, 6) if isinstance(figure, float) else figure


def _days(length: timedelta) -> Fraction:
    return max(Fraction(0), Fraction(length // timedelta(microseconds=1), 86_400_000_000))
