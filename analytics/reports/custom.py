"""A report over chosen dimensions and measures, from the sums by day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from analytics.errors import Uncountable
from analytics.models import DaySums
from analytics.selectors import sums
from analytics.selectors.behaviour import ratio
from analytics.selectors.days import NAMED, check_days
from analytics.selectors.overview import percentile
from analytics.selectors.sums import Sums
from rupai.core.actor import Actor

FIELDS = ("provider", "method", "currency", "country")
DIMENSIONS = ("day", "week", "month", "provider", "method", "currency", "status", "country")
MEASURES = ("count", "volume", "success_rate", "refund_rate", "p95_ms", "fees")
OPERATIONS = ("eq", "in", "gte", "lte")
OUTCOMES = ("succeeded", "failed")
# Amounts of different currencies are never added.
_MONEY = frozenset({"volume", "fees", "refund_rate"})
# The sums know these of all payments together, not by their outcome.
_WHOLE_ONLY = frozenset({"success_rate", "refund_rate", "p95_ms"})
UNKNOWN = "unknown"
_LOOKUPS = {"eq": "", "in": "__in", "gte": "__gte", "lte": "__lte"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a report is about: whitelisted names only. ``filters`` are (field, operation, value)."""

    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    start: date
    end: date
    filters: tuple[tuple[str, str, str], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The dimensions, and the currency where amounts need one, then the measures."""
        currency = ("currency",) if _MONEY & set(self.measures) and "currency" not in self.dimensions else ()
        return (*self.dimensions, *currency, *self.measures)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.columns[: -len(self.measures)]

    @property
    def by_outcome(self) -> bool:
        """Whether payments count at their outcome: of a provider or a status there is no other moment."""
        return bool({"provider", "status"} & ({*self.dimensions} | {name for name, _, _ in self.filters}))


def chosen_of(parameters: dict[str, Any]) -> Chosen:
    """Read what was chosen from the validated values of a request, or from these as JSON."""
    start, end = (_as_day(parameters[name]) for name in ("start_date", "end_date"))
    return Chosen(
        dimensions=tuple(parameters["dimensions"]),
        measures=tuple(parameters["measures"]),
        start=start,
        end=end,
        filters=tuple((each["field"], each["op"], each["value"]) for each in parameters.get("filters", ())),
    )


def _as_day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def check(chosen: Chosen) -> None:
    """Refuse what the sums cannot tell.

    :raises DateRange: when the days are in the wrong order or too many.
    :raises Uncountable: saying which part, and what could be asked instead.
    """
    check_days(chosen.start, chosen.end)
    about_status = "status" in {*chosen.dimensions, *(name for name, _, _ in chosen.filters)}
    whole = sorted(_WHOLE_ONLY & set(chosen.measures))
    if about_status and whole:
        raise Uncountable(f"{', '.join(whole)} cannot be told by status", hint="Leave out status, or these measures.")
    for name, operation, value in chosen.filters:
        _check_filter(name, operation, value)


def _check_filter(name: str, operation: str, value: str) -> None:
    if name == "day":
        for text in value.split(",") if operation == "in" else (value,):
            _day(text)
        return
    if name not in (*FIELDS, "status"):
        raise Uncountable(
            f"There is no field {name[:64]!r} to filter by", hint=f"Fields are day, {', '.join(FIELDS)}, status."
        )
    if operation not in {"eq", "in"}:
        raise Uncountable(f"{name} cannot be compared by {operation}", hint="Use eq, or in with values and commas.")
    unknown = set(value.split(",")) - set(OUTCOMES)
    if name == "status" and unknown:
        raise Uncountable(f"There is no status {sorted(unknown)[0][:64]!r} here", hint="It is succeeded or failed.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Uncountable(f"{text[:64]!r} is no day", hint="Send days as YYYY-MM-DD.") from None


def rows_of(actor: Actor, chosen: Chosen) -> list[tuple[Any, ...]]:
    """The rows of the report in the order of their dimensions; what has no payment has no row.

    Amounts are minor units, rates from 0 to 1; None where there is nothing to take a rate of.
    """
    check(chosen)
    fields = list(dict.fromkeys("day" if name in NAMED else name for name in chosen.labels if name != "status"))
    grouped: dict[tuple[str, ...], list[Sums]] = {}
    for values, found in sums.added_up(_filtered(actor, chosen), fields):
        for label in _labels(chosen, dict(zip(fields, values, strict=True))):
            grouped.setdefault(label, []).append(found)
    added = ((label, sums.total(each)) for label, each in sorted(grouped.items()))
    return [
        (*label, *(_value(chosen, measure, found, _outcomes_of(chosen, label)) for measure in chosen.measures))
        for label, found in added
        if _is_there(chosen, found, _outcomes_of(chosen, label))
    ]


def _filtered(actor: Actor, chosen: Chosen) -> QuerySet[DaySums]:
    rows = sums.days_seen(actor, start=chosen.start, end=chosen.end)
    for name, operation, value in chosen.filters:
        if name == "status":
            continue
        wanted = ["" if each == UNKNOWN else each for each in (value.split(",") if operation == "in" else [value])]
        rows = rows.filter(**{f"{name}{_LOOKUPS[operation]}": wanted if operation == "in" else wanted[0]})
    return rows


def _labels(chosen: Chosen, values: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    """The row that sums belong to; with status as a dimension there is one for each outcome."""
    for outcome in _wanted(chosen) if "status" in chosen.dimensions else ("",):
        found = {**values, "status": outcome}
        yield tuple(NAMED[name](values["day"]) if name in NAMED else found[name] or UNKNOWN for name in chosen.labels)


def _wanted(chosen: Chosen) -> list[str]:
    """The outcomes that filters leave over."""
    filters = [set(value.split(",")) for name, _, value in chosen.filters if name == "status"]
    return [each for each in OUTCOMES if all(each in wanted for wanted in filters)]


def _outcomes_of(chosen: Chosen, label: tuple[str, ...]) -> list[str]:
    """The outcomes of the payments of a row."""
    return [label[chosen.labels.index("status")]] if "status" in chosen.dimensions else _wanted(chosen)


def _is_there(chosen: Chosen, found: Sums, outcomes: list[str]) -> bool:
    moved = "succeeded" in outcomes and (found["captured_amount"] or found["refunded_amount"])
    return bool(moved or _count(chosen, found, outcomes))


def _count(chosen: Chosen, found: Sums, outcomes: list[str]) -> int:
    if chosen.by_outcome:
        return sum(found[f"{outcome}_count"] for outcome in outcomes)
    return found["created_count"]


def _value(chosen: Chosen, measure: str, found: Sums, outcomes: list[str]) -> int | float | None:
    if measure == "count":
        return _count(chosen, found, outcomes)
    if measure in {"volume", "fees"}:
        # What failed took nothing.
        took = "succeeded" in outcomes
        return found["captured_amount" if measure == "volume" else "fee_amount"] if took else 0
    if measure == "success_rate":
        return sums.success_rate(found) if sums.decided(found) else None
    if measure == "refund_rate":
        return ratio(found["refunded_amount"], found["captured_amount"])
    return percentile(found, 95)
