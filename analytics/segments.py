"""Segments of customers, by rules that anybody can check.

Each is drawn by what a customer paid in some days and in the year before; a payment counts when any of it was captured.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from payments.models import Payment
from payments.states import PaymentState

RULES = {
    "everyone": "paid in the days asked for or in the year before",
    "new": "paid in the days asked for, and not in the year before",
    "active": "paid in the 30 days before those asked for",
    "lapsed": "paid in the year before, and not in the last 90 days of it",
    "big_spender": "the tenth who paid most in the year before, currency by currency",
}
_ACTIVE, _LAPSED = timedelta(days=30), timedelta(days=90)
_TENTH = 10


@dataclass(slots=True)
class Amounts:
    """What was captured in one currency, in minor units, and by how many payments: now, and in the past."""

    now: int = 0
    now_count: int = 0
    past: int = 0
    past_count: int = 0


@dataclass(slots=True)
class Member:
    """What a customer did; pairs are payments of now and of the past."""

    paid: tuple[int, int] = (0, 0)
    failed: tuple[int, int] = (0, 0)
    refunded: tuple[int, int] = (0, 0)
    last_paid_before: datetime | None = None
    amounts: dict[str, Amounts] = field(default_factory=dict)


Members = dict[UUID, Member]


@dataclass(frozen=True, slots=True)
class Segment:
    """The customers to whom a rule applies, and when the first payment of all that were looked at was made."""

    members: Members
    first: datetime | None


def segment(rows: QuerySet[Payment], *, name: str, since: datetime) -> Segment:
    """Draw a segment from payments of a year and of the days after it, which begin at ``since``."""
    found: Members = defaultdict(Member)
    first: list[datetime] = []
    for row in _grouped(rows, since):
        _take(found[row["customer_id"]], row)
        first.append(row["first"])
    applies = _APPLIES[name](found, since)
    return Segment({key: found[key] for key in applies}, min(first, default=None))


def _grouped(rows: QuerySet[Payment], since: datetime) -> Iterable[dict[str, Any]]:
    """One row for each customer and currency."""
    now, paid = Q(created_at__gte=since), Q(amount_captured__gt=0)
    kinds = {"paid": paid, "failed": Q(state=PaymentState.FAILED), "refunded": Q(amount_refunded__gt=0)}
    figures: dict[str, Any] = {"last": Max("created_at", filter=paid & ~now), "first": Min("created_at")}
    for when, moments in (("now", now), ("past", ~now)):
        figures[f"sum_{when}"] = Sum("amount_captured", filter=moments, default=0)
        figures |= {f"{kind}_{when}": Count("pk", filter=which & moments) for kind, which in kinds.items()}
    found: Any = rows.order_by().values("customer_id", "currency").annotate(**figures)
    return found.iterator()  # type: ignore[no-any-return]


def _take(member: Member, row: dict[str, Any]) -> None:
    member.paid = _both(member.paid, row, "paid")
    member.failed = _both(member.failed, row, "failed")
    member.refunded = _both(member.refunded, row, "refunded")
    member.last_paid_before = max((at for at in (member.last_paid_before, row["last"]) if at), default=None)
    if row["paid_now"] or row["paid_past"]:
        amounts = Amounts(int(row["sum_now"]), row["paid_now"], int(row["sum_past"]), row["paid_past"])
        member.amounts[row["currency"]] = amounts


def _both(pair: tuple[int, int], row: dict[str, Any], kind: str) -> tuple[int, int]:
    return pair[0] + row[f"{kind}_now"], pair[1] + row[f"{kind}_past"]


def _everyone(found: Members, since: datetime) -> list[UUID]:
    return [key for key, member in found.items() if sum(member.paid)]


def _new(found: Members, since: datetime) -> list[UUID]:
    return [key for key, member in found.items() if member.paid[0] and not member.paid[1]]


def _active(found: Members, since: datetime) -> list[UUID]:
    return [key for key, member in found.items() if _paid_since(member, since - _ACTIVE)]


def _lapsed(found: Members, since: datetime) -> list[UUID]:
    return [key for key, member in found.items() if member.paid[1] and not _paid_since(member, since - _LAPSED)]


def _paid_since(member: Member, moment: datetime) -> bool:
    return member.last_paid_before is not None and member.last_paid_before >= moment


def _big_spenders(found: Members, since: datetime) -> list[UUID]:
    by_currency: dict[str, list[tuple[int, UUID]]] = defaultdict(list)
    for key, member in found.items():
        for code, amounts in member.amounts.items():
            if amounts.past:
                by_currency[code].append((-amounts.past, key))
    chosen: dict[UUID, None] = {}
    for spenders in by_currency.values():
        # A tenth, rounded up, so that it is somebody.
        for _, key in sorted(spenders)[: -(-len(spenders) // _TENTH)]:
            chosen[key] = None
    return list(chosen)


_APPLIES: dict[str, Callable[[Members, datetime], list[UUID]]] = {
    "everyone": _everyone,
    "new": _new,
    "active": _active,
    "lapsed": _lapsed,
    "big_spender": _big_spenders,
}
