"""Payments of some days counted: totals, and a series by time or by what they have in common."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from analytics.errors import HoursForgotten
from analytics.selectors import sums
from analytics.selectors.days import NAMED, check_days, every, zone_for
from analytics.selectors.overview import percentile
from analytics.selectors.sums import Sums
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.core.money import currency as known_currency
from rupai.core.zones import beginning_of

# Groups by time, and by a field of the sums.
TIMES = ("hour", "day", "week", "month")
FIELDS = {"payment_method": "method", "provider": "provider", "currency": "currency", "country": "country"}
GROUPS = (*TIMES, *FIELDS)
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Totals:
    """``count`` payments were created; ``succeeded`` and ``failed`` count when the outcome came.

    Of one provider, ``count`` are the payments with an outcome there: a payment is created before one is chosen.
    ``success_rate`` is a part of those with an outcome, from 0 to 1. ``volume`` is what was captured, by currency.
    ``p95_ms`` is the upper end of the class of provider latency with the 95th percentile; None when none was measured.
    """

    count: int
    succeeded: int
    failed: int
    success_rate: float
    volume: list[Money]
    p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """One group in one currency: ``value`` minor units were captured, and ``count`` payments counted as in totals."""

    key: str
    value: int
    count: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentMetrics:
    """Figures of some days; everything up to ``as_of`` is counted in them."""

    totals: Totals
    series: list[Line]
    as_of: datetime


def payment_metrics(
    *,
    actor: Actor,
    start: date,
    end: date,
    group_by: str | None = None,
    currency: str | None = None,
    provider: str | None = None,
) -> PaymentMetrics:
    """Count the payments of days of the merchant's calendar, both included.

    A series by time has every hour, day, week or month, for each currency that has any figure in these days.

    :raises DateRange: when the days are in the wrong order or too many.
    :raises HoursForgotten: when hours are asked for of days whose minutes are not kept any more.
    :raises UnknownCurrency: when there is no such currency.
    """
    actor.require("analytics:read")
    check_days(start, end)
    if currency is not None:
        known_currency(currency)
    zone = zone_for(actor)
    as_of = sums.complete_to()
    filters = {"currency": currency, "provider": provider}
    if group_by == "hour":
        found = _hours(actor, start, end, zone, filters)
    else:
        fields = [FIELDS[group_by]] if group_by in FIELDS else ["day"]
        rows = sums.days_seen(actor, start=start, end=end, **filters)
        found = sums.added_up(rows, [*fields, "currency"])
    of_provider = provider is not None
    series = _series(found, start, end, zone, group_by, of_provider or group_by == "provider")
    return PaymentMetrics(_totals(found, currency, of_provider=of_provider), series, as_of)


_Found = list[tuple[tuple[Any, ...], Sums]]


def _hours(actor: Actor, start: date, end: date, zone: ZoneInfo, filters: dict[str, str | None]) -> _Found:
    since, until = beginning_of(start, zone), beginning_of(end + timedelta(days=1), zone)
    kept = clock.now() - sums.MINUTES_KEPT
    if since < kept:
        first = kept.astimezone(zone).date() + timedelta(days=1)
        raise HoursForgotten(
            f"Hours before {kept.astimezone(zone):%Y-%m-%d %H:%M} are not kept",
            hint=f"Ask for hours from {first} on, or group by day.",
        )
    rows = sums.minutes_seen(actor, since=since, until=until, **filters)
    return sums.added_up(rows, ["minute", "currency"])


def _totals(found: _Found, currency: str | None, *, of_provider: bool) -> Totals:
    whole = sums.total(each for _, each in found)
    captured: dict[str, int] = {currency: 0} if currency is not None else {}
    for (_, code), each in found:
        captured[code] = captured.get(code, 0) + each["captured_amount"]
    return Totals(
        count=sums.decided(whole) if of_provider else whole["created_count"],
        succeeded=whole["succeeded_count"],
        failed=whole["failed_count"],
        success_rate=sums.success_rate(whole),
        volume=[Money(captured[code], code) for code in sorted(captured)],
        p95_ms=percentile(whole, 95),
    )


def _series(
    found: _Found, start: date, end: date, zone: ZoneInfo, group_by: str | None, by_outcome: bool
) -> list[Line]:
    if group_by is None:
        return []
    grouped: dict[tuple[str, str], list[Sums]] = {}
    for (value, code), each in found:
        grouped.setdefault((_key(value, group_by, zone), code), []).append(each)
    currencies = sorted({code for _, code in grouped})
    if group_by in TIMES:
        places = [(name, code) for name in _times(start, end, zone, group_by) for code in currencies]
    else:
        places = sorted(grouped)
    lines = [_line(place, grouped.get(place, []), by_outcome) for place in places]
    return [line for line in lines if group_by in TIMES or line.value or line.count]


def _line(place: tuple[str, str], rows: Iterable[Sums], by_outcome: bool) -> Line:
    found = sums.total(rows)
    count = sums.decided(found) if by_outcome else found["created_count"]
    return Line(place[0], found["captured_amount"], count, place[1])


def _key(value: Any, group_by: str, zone: ZoneInfo) -> str:
    if group_by == "hour":
        return _hour_of(value, zone)
    return NAMED[group_by](value) if group_by in NAMED else value or UNKNOWN


def _hour_of(at: datetime, zone: ZoneInfo) -> str:
    """The full hour of the zone with its offset, which tells an hour that comes twice from the other."""
    return at.astimezone(zone).replace(minute=0, second=0, microsecond=0).isoformat(timespec="minutes")


def _times(start: date, end: date, zone: ZoneInfo, by: str) -> list[str]:
    if by != "hour":
        return every(start, end, by=by)
    # Counted in moments, so that a day has as many hours as it really has; hours to come are none yet.
    first, last = (beginning_of(day, zone).astimezone(UTC) for day in (start, end + timedelta(days=1)))
    hours = max(timedelta(0), min(last, clock.now()) - first) / timedelta(hours=1)
    return list(dict.fromkeys(_hour_of(first + timedelta(hours=number), zone) for number in range(ceil(hours))))
