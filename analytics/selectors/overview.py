"""What the Overview shows, from the sums alone: one query for all figures, series and tables of a period."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from analytics.models import LATENCIES, LATENCY_ENDS, DaySums, MinuteSums

RANGES = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
NAMES = {"24h": "24 h", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
_SUMMED = (
    "created_count",
    "succeeded_count",
    "failed_count",
    "captured_amount",
    "refunded_count",
    "refunded_amount",
    *LATENCIES,
)
Sums = dict[str, int]


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (inclusive) to ``end``; ``before`` is the start of the equal period before it."""

    name: str
    before: datetime
    start: datetime
    end: datetime
    zone: ZoneInfo

    @property
    def hours(self) -> bool:
        return self.name == "24h"


@dataclass(frozen=True, slots=True)
class Share:
    """How one provider or method did: counts of final outcomes, and latency in milliseconds where it is known."""

    name: str
    decided: int
    succeeded: int
    of_all: int
    p50: int | None
    p95: int | None

    @property
    def rate(self) -> float:
        return 100 * self.succeeded / self.decided if self.decided else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of a period and of the one before it (None when nothing is known of that time), and a series."""

    period: Period
    currency: str
    now: Sums
    before: Sums | None
    labels: list[datetime]
    series: dict[str, list[int]]
    providers: list[Share]
    methods: list[Share]

    @property
    def success_rate(self) -> float | None:
        return _rate(self.now)

    @property
    def success_rate_before(self) -> float | None:
        return _rate(self.before) if self.before is not None else None


def period_of(name: str, *, now: datetime, zone: ZoneInfo) -> Period:
    """The last 24 hours to the full minute, or so many days of a zone with today as the last."""
    if name == "24h":
        end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return Period(name, end - timedelta(hours=48), end - timedelta(hours=24), end, zone)
    today = now.astimezone(zone).date()
    days = RANGES[name]
    first, following = today - timedelta(days=days - 1), today + timedelta(days=1)
    return Period(
        name,
        _midnight(first - timedelta(days=days), zone),
        _midnight(first, zone),
        _midnight(following, zone),
        zone,
    )


def currencies(*, merchant_id: UUID | None, livemode: bool) -> list[str]:
    """The currencies that were ever used at a place, the one used last first."""
    rows = _place(DaySums.objects.all(), merchant_id, livemode)
    return list(
        rows.values("currency")
        .annotate(last=Max("day"), sums=Sum("created_count"))
        .order_by("-last", "-sums")
        .values_list("currency", flat=True)
    )


def figures(*, merchant_id: UUID | None, livemode: bool, currency: str, period: Period) -> Figures:
    """Everything the Overview shows of one period in one currency.

    Success rate is authorised or captured payments over those with a final outcome (these and failed ones), each
    counted when the outcome came. Gross volume is what was captured, refunds what was given back, in the period.
    """
    rows = _rows(merchant_id, livemode, currency, period)
    first = period.start if period.hours else period.start.astimezone(period.zone).date()
    known = [row for row in rows if row["bucket"] < first]
    current = [row for row in rows if row["bucket"] >= first]
    labels = _labels(period)
    buckets = [_bucket(label, period) for label in labels]
    series = {
        name: _series(current, name, buckets)
        for name in ("created_count", "succeeded_count", "failed_count", "captured_amount", "refunded_count")
    }
    return Figures(
        period,
        currency,
        _total(current),
        _total(known) if known else None,
        labels,
        series,
        _shares(current, "provider"),
        _shares(current, "method"),
    )


def _rows(merchant_id: UUID | None, livemode: bool, currency: str, period: Period) -> list[dict[str, Any]]:
    sums = {f"sum_{name}": Sum(name) for name in _SUMMED}
    found: QuerySet[Any]
    if period.hours:
        found = _place(
            MinuteSums.objects.filter(minute__gte=period.before, minute__lt=period.end), merchant_id, livemode
        )
        grouped = found.filter(currency=currency).annotate(bucket=TruncHour("minute", tzinfo=period.zone))
        # Hours are cut at the full hour for drawing, but the period begins at its minute.
        grouped = grouped.annotate(is_now=Q(minute__gte=period.start))
        rows = list(grouped.values("bucket", "is_now", "provider", "method").annotate(**sums))
        for row in rows:
            row["bucket"] = max(row["bucket"], period.start) if row["is_now"] else period.before
    else:
        found = _place(DaySums.objects.all(), merchant_id, livemode).filter(currency=currency)
        days = (period.before.astimezone(period.zone).date(), period.end.astimezone(period.zone).date())
        found = found.filter(day__gte=days[0], day__lt=days[1])
        rows = [{**row, "bucket": row["day"]} for row in found.values("day", "provider", "method").annotate(**sums)]
    return rows


def _place(rows: QuerySet[Any], merchant_id: UUID | None, livemode: bool) -> QuerySet[Any]:
    rows = rows.filter(livemode=livemode)
    return rows.filter(merchant_id=merchant_id) if merchant_id is not None else rows


def _labels(period: Period) -> list[datetime]:
    if period.hours:
        first = period.start.astimezone(period.zone).replace(minute=0)
        return [first + timedelta(hours=hour) for hour in range(25) if first + timedelta(hours=hour) < period.end]
    first_day = period.start.astimezone(period.zone).date()
    return [_midnight(first_day + timedelta(days=day), period.zone) for day in range(RANGES[period.name])]


def _bucket(label: datetime, period: Period) -> datetime | date:
    return max(label, period.start) if period.hours else label.astimezone(period.zone).date()


def _series(rows: Iterable[dict[str, Any]], name: str, buckets: list[Any]) -> list[int]:
    found: dict[Any, int] = defaultdict(int)
    for row in rows:
        found[row["bucket"]] += row[f"sum_{name}"]
    return [found[bucket] for bucket in buckets]


def _total(rows: Iterable[dict[str, Any]]) -> Sums:
    total = dict.fromkeys(_SUMMED, 0)
    for row in rows:
        for name in _SUMMED:
            total[name] += row[f"sum_{name}"]
    return total


def _rate(sums: Sums) -> float | None:
    decided = sums["succeeded_count"] + sums["failed_count"]
    return 100 * sums["succeeded_count"] / decided if decided else None


def _shares(rows: list[dict[str, Any]], by: str) -> list[Share]:
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    totals = {name: _total(found) for name, found in groups.items() if name}
    decided = {name: sums["succeeded_count"] + sums["failed_count"] for name, sums in totals.items()}
    of_all = sum(decided.values())
    shares = [
        Share(name, decided[name], sums["succeeded_count"], of_all, percentile(sums, 50), percentile(sums, 95))
        for name, sums in totals.items()
        if decided[name]
    ]
    return sorted(shares, key=lambda share: (-share.decided, share.name))


def percentile(sums: Sums, per_cent: int) -> int | None:
    """The upper end of the class of latency in which a percentile lies; the last class has only a lower one."""
    counts = [sums[name] for name in LATENCIES]
    wanted, seen = sum(counts) * per_cent / 100, 0
    if not wanted:
        return None
    for place, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return LATENCY_ENDS[min(place, len(LATENCY_ENDS) - 1)]
    return LATENCY_ENDS[-1]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
