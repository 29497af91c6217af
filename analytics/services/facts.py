"""What a batch of events adds to the sums.

Amounts and states are in the events. Provider latency, country, risk and our fee are not: they are read from the rows
that were written in the same transaction as the event, so that reading the log again gives the same sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from analytics.models import LATENCY_ENDS
from payments.models import Attempt, Capture, Payment, PaymentMethod, RiskDecision
from payments.models.decisions import Verdict
from payments.states import TransferState
from rupai.core import ids
from rupai.core.models import Event

_HELD = {Verdict.REVIEW, Verdict.BLOCK}
_SUCCEEDED = {"authorized", "captured", "partially_captured"}
# From these a payment succeeds for the first time; from "authorized" it is only captured.
_BEFORE_SUCCESS = {"requires_payment_method", "requires_action", "processing"}
_CAPTURES = {"payment.captured", "payment.partially_captured", "payment.captured_late"}
_TRIED = {"payment.created", "payment.confirmed"}
_KINDS = _CAPTURES | _TRIED | {"payment.authorized", "payment.failed", "refund.succeeded"}


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event adds: ``sums`` maps names of counters to numbers."""

    merchant_id: UUID
    livemode: bool
    at: datetime
    currency: str
    provider: str
    method: str
    country: str
    sums: dict[str, int]


@dataclass
class _Rows:
    """The rows behind the payments of a batch; ``fees`` are amount and fee of each capture that succeeded, in order."""

    payments: dict[str, tuple[UUID, str, str, UUID | None]] = field(default_factory=dict)
    countries: dict[UUID, str] = field(default_factory=dict)
    latencies: dict[UUID, list[tuple[datetime, int | None]]] = field(default_factory=dict)
    verdicts: dict[UUID, list[tuple[datetime, str]]] = field(default_factory=dict)
    fees: dict[UUID, list[tuple[int, int]]] = field(default_factory=dict)
    captured: dict[str, int] = field(default_factory=dict)


def facts_of(events: Sequence[Event]) -> list[Fact]:
    """The facts of a batch of sequenced events, in their order."""
    wanted = [event for event in events if event.type in _KINDS]
    if not wanted:
        return []
    rows = _rows(wanted)
    return [fact for event in wanted if (fact := _fact(event, rows)) is not None]


def _fact(event: Event, rows: _Rows) -> Fact | None:
    found = rows.payments.get(event.data["payment_id"])
    if found is None:
        return None
    key, provider, method, saved = found
    sums = _sums(event, key, rows)
    if not any(sums.values()):
        return None
    # A payment is created before anybody knows who will decide it.
    provider = "" if event.type == "payment.created" else event.data.get("provider", provider)
    return Fact(
        event.merchant_id,
        event.livemode,
        event.created_at,
        event.data["currency"],
        provider,
        method,
        _country(event, saved, rows),
        {name: value for name, value in sums.items() if value},
    )


def _country(event: Event, saved: UUID | None, rows: _Rows) -> str:
    """The country of the method that the event names: the payment may have another one by now.

    A refund's event names none, but what was captured keeps its method.
    """
    refunded = event.type == "refund.succeeded"
    method = saved if refunded else _key(PaymentMethod, event.data.get("payment_method_token"))
    return rows.countries.get(method, "") if method is not None else ""


def _key(model: type[PaymentMethod] | type[Payment], name: str | None) -> UUID | None:
    return ids.parse(model.prefix, name) if name else None


def _sums(event: Event, payment: UUID, rows: _Rows) -> dict[str, int]:
    if event.type == "refund.succeeded":
        return {"refunded_count": 1, "refunded_amount": event.data["amount"]}
    sums: dict[str, int] = {}
    if event.type == "payment.created":
        sums |= {"created_count": 1, "created_amount": event.data["amount"]}
    if event.type in _TRIED:
        sums["held_count"] = int(_last(rows.verdicts.get(payment, []), event.created_at) in _HELD)
    before, after = event.changes.get("status", ["", ""])
    succeeded = after in _SUCCEEDED and before in _BEFORE_SUCCESS
    if succeeded or event.type == "payment.failed":
        sums["succeeded_count" if succeeded else "failed_count"] = 1
        latency = _last(rows.latencies.get(payment, []), event.created_at)
        if latency is not None:
            sums[f"latency_{_class_of(latency)}"] = 1
    if event.type in _CAPTURES:
        total, known = event.data["amount_captured"], rows.captured.get(event.subject_id, 0)
        fees = rows.fees.get(payment, [])
        sums |= {"captured_count": 1, "captured_amount": total - known}
        sums["fee_amount"] = _fees_up_to(total, fees) - _fees_up_to(known, fees)
        rows.captured[event.subject_id] = total
    return sums


def _fees_up_to(total: int, captures: Iterable[tuple[int, int]]) -> int:
    """Our fees of the captures that together make this total."""
    taken = fees = 0
    for amount, fee in captures:
        taken += amount
        if taken > total:
            break
        fees += fee
    return fees


def _last(found: Iterable[tuple[datetime, Any]], at: datetime) -> Any:
    """The newest value that was there at a time; None when there was none."""
    return next((value for since, value in reversed(list(found)) if since <= at), None)


def _class_of(milliseconds: int) -> int:
    return next((place for place, end in enumerate(LATENCY_ENDS) if milliseconds <= end), len(LATENCY_ENDS))


def _rows(events: list[Event]) -> _Rows:
    keys = {ids.parse(Payment.prefix, event.data["payment_id"]) for event in events}
    rows = _Rows()
    found = Payment.objects.filter(pk__in=keys).values_list("id", "provider", "method", "payment_method_id")
    for payment, provider, method, saved in found:
        rows.payments[ids.public_id(Payment.prefix, payment)] = (payment, provider, method, saved)
    named = {_key(PaymentMethod, event.data.get("payment_method_token")) for event in events}
    named |= {saved for _, _, _, saved in rows.payments.values()}
    countries = PaymentMethod.objects.filter(pk__in=[key for key in named if key is not None])
    rows.countries = dict(countries.values_list("id", "country"))
    attempts = Attempt.objects.filter(payment_id__in=keys).order_by("number")
    for payment, since, milliseconds in attempts.values_list("payment_id", "created_at", "milliseconds"):
        rows.latencies.setdefault(payment, []).append((since, milliseconds))
    captures = Capture.objects.filter(payment_id__in=keys, state=TransferState.SUCCEEDED).order_by("updated_at", "id")
    for payment, amount, fee in captures.values_list("payment_id", "amount", "fee"):
        rows.fees.setdefault(payment, []).append((amount, fee))
    decisions = RiskDecision.objects.filter(payment_id__in=keys).order_by("created_at", "id")
    for payment, since, verdict in decisions.values_list("payment_id", "created_at", "verdict"):
        rows.verdicts.setdefault(payment, []).append((since, verdict))
    rows.captured = _captured_before(events)
    return rows


_CAPTURED_BEFORE = """
    SELECT subject_id, max((data->>'amount_captured')::bigint) FROM core_event
    WHERE subject_id = ANY(%s) AND position < %s AND type = ANY(%s) GROUP BY subject_id
"""


def _captured_before(events: list[Event]) -> dict[str, int]:
    """What earlier events say was captured already, by payment: an event tells the total, the sums need its part."""
    captures = [event for event in events if event.type in _CAPTURES]
    if not captures:
        return {}
    with connection.cursor() as cursor:
        subjects = [event.subject_id for event in captures]
        cursor.execute(_CAPTURED_BEFORE, [subjects, captures[0].position, sorted(_CAPTURES)])
        return dict(cursor.fetchall())
