"""Revenue by day, week or month, and what is to be expected of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.forecast import seasonal_naive
from analytics.forecast.seasonal_naive import Forecast, Point
from analytics.selectors import sums
from analytics.selectors.days import FIRST_DAY, NAMED, after, check_days, every, zone_for
from analytics.selectors.overview import currencies
from rupai.accounts.models import Merchant
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import currency as known_currency

BREAKDOWNS = {"daily": "day", "weekly": "week", "monthly": "month"}
# A season of what is compared, in periods, best first: a week of days, a year or a month of weeks, a year of months.
SEASONS = {"day": (7,), "week": (52, 4), "month": (12,)}
MOST_PERIODS = 24
# Where nobody says otherwise.
_USUAL = "INR"
# Habits that are older than this tell nothing about what comes.
_HISTORY = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Period:
    """What was captured, given back and taken as our fee in a period, each at its own time; minor units.

    ``net`` is what is left of ``gross``, and below zero when more was given back.
    """

    name: str
    start: date
    end: date
    gross: int
    refunds: int
    fees: int

    @property
    def net(self) -> int:
        return self.gross - self.refunds - self.fees


@dataclass(frozen=True, slots=True)
class Expected:
    """A period to come: expected gross revenue and the ends of a 90 % interval, in minor units."""

    name: str
    start: date
    point: Point


@dataclass(frozen=True, slots=True)
class Revenue:
    """Periods of the days asked for, the first and last cut where these begin and end; in one currency.

    The forecast is of gross revenue, from the first whole period after the last one that is over. Without enough
    history it is None, and ``expected`` empty.
    """

    currency: str
    periods: list[Period]
    expected: list[Expected]
    forecast: Forecast | None
    zone: ZoneInfo
    as_of: datetime


def revenue(
    *,
    actor: Actor,
    start: date,
    end: date,
    breakdown: str = "monthly",
    currency: str | None = None,
    forecast_periods: int = 0,
) -> Revenue:
    """Read the revenue of days of the merchant's calendar, both included, in one currency (default: the usual one).

    Top-ups of wallets are captured, too, and are in ``gross``; they cost no fee.

    :raises DateRange: when the days are in the wrong order or too many.
    :raises UnknownCurrency: when there is no such currency.
    """
    actor.require("analytics:read")
    check_days(start, end)
    code = known_currency(currency).code if currency is not None else usual_currency(actor)
    zone, by, as_of = zone_for(actor), BREAKDOWNS[breakdown], sums.complete_to()
    days = _days(actor, code, start=start, end=end)
    expected, forecast = _expected(actor, code, by, end, zone, forecast_periods)
    return Revenue(code, _periods(days, start, end, by), expected, forecast, zone, as_of)


def usual_currency(actor: Actor) -> str:
    """The merchant's own currency if anything was ever paid in it, else the one that was used last."""
    used = currencies(merchant_id=actor.merchant_id, livemode=actor.livemode)
    if actor.merchant_id is None:
        return used[0] if used else _USUAL
    own = Merchant.objects.values_list("currency", flat=True).get(pk=actor.merchant_id)
    return own if own in used or not used else used[0]


_Days = dict[date, sums.Sums]


def _days(actor: Actor, currency: str, *, start: date, end: date) -> _Days:
    rows = sums.added_up(sums.days_seen(actor, start=start, end=end, currency=currency), ["day"])
    return {values[0]: each for values, each in rows}


def _periods(days: _Days, start: date, end: date, by: str) -> list[Period]:
    grouped: dict[str, list[date]] = {name: [] for name in every(start, end, by=by)}
    for number in range((end - start).days + 1):
        day = start + timedelta(days=number)
        grouped[NAMED[by](day)].append(day)
    return [_period(name, inside, days) for name, inside in grouped.items()]


def _period(name: str, inside: list[date], days: _Days) -> Period:
    found = sums.total(days[day] for day in inside if day in days)
    amounts = (found[counter] for counter in ("captured_amount", "refunded_amount", "fee_amount"))
    return Period(name, inside[0], inside[-1], *amounts)


def _expected(
    actor: Actor, currency: str, by: str, end: date, zone: ZoneInfo, periods: int
) -> tuple[list[Expected], Forecast | None]:
    """Foretell whole periods from all whole ones that are over and not after the days asked for."""
    if not periods:
        return [], None
    today = clock.now().astimezone(zone).date()
    following = _first_not_over(min(end + timedelta(days=1), today), by)
    history = _history(actor, currency, by, following)
    found = seasonal_naive.forecast(history, periods=periods, seasons=SEASONS[by])
    if found is None:
        return [], None
    expected = []
    for point in found.points:
        expected.append(Expected(NAMED[by](following), following, point))
        following = after(following, by=by)
    return expected, found


def _first_not_over(day: date, by: str) -> date:
    """The first day of the period that a day belongs to: everything before it is whole."""
    return {"day": day, "week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}[by]


def _history(actor: Actor, currency: str, by: str, following: date) -> list[int]:
    """Gross revenue of each whole period before a day, from the first one that began after the first payment."""
    first = max(FIRST_DAY, following - _HISTORY)
    days = _days(actor, currency, start=first, end=following - timedelta(days=1))
    if not days:
        return []
    began = min(days)
    if _first_not_over(began, by) != began:
        # Somebody who began in the middle of a month tells nothing of a whole one.
        began = after(began, by=by)
    whole = _periods(days, began, following - timedelta(days=1), by) if began < following else []
    return [period.gross for period in whole]
