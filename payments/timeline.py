"""The one story of a payment, in order of time: every fact that the house has about it, each read with one query."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from compliance.models import AuditEntry
from payments.models import Attempt, History, Payment, Refund, RiskDecision, RouteDecision
from payments.states import AttemptState, PaymentState
from rupai.core.models import Event, IdempotencyRecord
from rupai.notifications.models import WebhookDelivery
from rupai.pages.names import names_of, spelled
from wallets.models import Transfer
from wallets.states import AccountCode, TransferFlag

# A payment that is refunded a hundred times still has one page.
MOST_EVENTS = 500
_DOORS = {"key": "REST API", "usr": "console", "platform": "scheduled work"}
# What follows from what, among things of the same moment.
_RANK = ("request", "risk", "route", "attempt", "outcome", "event", "ledger", "webhook")
_TONES: dict[str, str] = {
    PaymentState.CAPTURED: "done",
    PaymentState.AUTHORIZED: "done",
    PaymentState.PARTIALLY_CAPTURED: "done",
    PaymentState.FAILED: "bad",
    PaymentState.CONFLICTED: "bad",
    PaymentState.CANCELLED: "warn",
    PaymentState.EXPIRED: "warn",
    PaymentState.REQUIRES_ACTION: "wait",
    PaymentState.PROCESSING: "wait",
    AttemptState.CHARGED: "done",
    AttemptState.PARTIALLY_CHARGED: "done",
    AttemptState.VOIDED: "done",
    AttemptState.DECLINED: "bad",
    AttemptState.REFUSED_BY_RISK: "bad",
    AttemptState.INTEGRITY_FAILURE: "bad",
    AttemptState.UNKNOWN: "warn",
    AttemptState.AUTHENTICATION_PENDING: "wait",
}
_VERDICT_TONES: dict[str, str] = {"allow": "done", "challenge": "warn", "review": "warn", "block": "bad"}
_EVENT_TONES: dict[str, str] = {"refund.succeeded": "done", "refund.failed": "bad", "refund.created": "wait"}
_DELIVERY_TONES: dict[str, str] = {"delivered": "done", "failed": "bad", "pending": "wait", "discarded": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened. ``kind`` says which part of the house tells of it, ``row`` is what it tells."""

    at: datetime
    kind: str
    title: str
    tone: str = ""
    text: str = ""
    who: str = ""
    milliseconds: int | None = None
    event: Event | None = None
    row: Any = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A payment's steps, and the rows that its page shows beside them."""

    steps: list[Step]
    attempts: list[Attempt]
    refunds: list[Refund]
    risk: RiskDecision | None
    names: dict[str, str]


def story_of(payment: Payment) -> Story:
    """Read everything that happened to a payment, with the same number of queries for every payment."""
    attempts = list(payment.tries.select_related("provider_account").order_by("number"))
    refunds = list(payment.refunds.order_by("created_at", "pk"))
    subjects = [payment.public_id, *(refund.public_id for refund in refunds)]
    events = list(
        Event.objects.filter(merchant_id=payment.merchant_id, subject_id__in=subjects)
        .select_related("audit_entry")
        .order_by("inserted")[:MOST_EVENTS]
    )
    history = list(payment.history.order_by("pk"))
    names = names_of({payment.created_by, *(each.actor for each in events), *(each.actor for each in history)})
    risks = list(payment.risk_decisions.order_by("created_at", "pk"))
    told = _Told(payment, events, history, names)
    steps = [
        told.request(),
        *(_risk(risk) for risk in risks),
        *_routes(payment),
        *told.attempts(attempts),
        *told.events(refunds),
        *_ledger(payment),
        *_webhooks(events),
    ]
    steps.sort(key=lambda step: (step.at, _RANK.index(step.kind)))
    return Story(steps=steps, attempts=attempts, refunds=refunds, risk=risks[-1] if risks else None, names=names)


class _Told:
    """The steps that come from the event log and the history of states."""

    def __init__(self, payment: Payment, events: list[Event], history: list[History], names: dict[str, str]) -> None:
        self.payment, self.log, self.history, self.names = payment, events, history, names
        self.first = next((event for event in events if event.type == "payment.created"), None)

    def request(self) -> Step:
        """Who asked for the payment, through which door, and under which id it is found in the logs."""
        payment = self.payment
        record = _record_of(payment)
        door = {"rest": "REST API"}.get(record.door, record.door) if record else _door_of(payment.created_by)
        facts = {"Door": door}
        if self.first is not None and self.first.correlation_id:
            facts["Correlation"] = self.first.correlation_id
        if record is not None:
            facts["Idempotency key"] = record.key
        return Step(
            at=payment.created_at,
            kind="request",
            title="Payment requested",
            text=f"{payment.money} by {spelled(payment.method)}, {payment.capture_mode} capture",
            who=self.names.get(payment.created_by, payment.created_by),
            event=self.first,
            facts=facts,
        )

    def attempts(self, attempts: list[Attempt]) -> Iterator[Step]:
        """Each try at a provider: when it was sent, and each state that it came to."""
        by_key = {attempt.pk: attempt for attempt in attempts}
        answered: set[Any] = set()
        for each in self.history:
            attempt = by_key.get(each.attempt_id) if each.attempt_id else None
            if attempt is None:
                continue
            if not each.from_state:
                yield self._sent(attempt, each)
                continue
            first = attempt.pk not in answered
            answered.add(attempt.pk)
            yield self._came_to(attempt, each, first=first)

    def _sent(self, attempt: Attempt, change: History) -> Step:
        account = attempt.provider_account.name if attempt.provider_account else attempt.provider
        return Step(
            at=change.created_at,
            kind="attempt",
            title=f"Attempt {attempt.number} at {account}",
            text="Authorise and capture" if attempt.capture else "Authorise only",
            row=attempt,
            facts={"Our reference": attempt.reference},
        )

    def _came_to(self, attempt: Attempt, change: History, *, first: bool) -> Step:
        facts = {}
        if attempt.provider_id:
            facts["Provider's id"] = attempt.provider_id
        declined = change.to_state in {AttemptState.DECLINED, AttemptState.INTEGRITY_FAILURE}
        if declined and attempt.decline_code:
            facts["Code"] = attempt.decline_code
            facts["Provider's code"] = attempt.provider_code
        state = AttemptState(change.to_state).label.lower()
        return Step(
            at=change.created_at,
            kind="outcome",
            title=f"Attempt {attempt.number} is {state}",
            tone=_TONES.get(change.to_state, ""),
            text=attempt.decline_message if declined else "",
            who=spelled(attempt.provider),
            milliseconds=attempt.milliseconds if first else None,
            row=attempt,
            facts={name: value for name, value in facts.items() if value},
        )

    def events(self, refunds: list[Refund]) -> Iterator[Step]:
        """Each event of the log with its number and its seal; the first one is told by the request."""
        changes = {each.event_id: each for each in self.history if each.event_id}
        by_name = {refund.public_id: refund for refund in refunds}
        for event in self.log:
            if event is self.first:
                continue
            change = changes.get(event.pk)
            tone = _TONES.get(change.to_state, "") if change else _EVENT_TONES.get(event.type, "")
            yield Step(
                at=event.created_at,
                kind="event",
                title=event.type.replace(".", " ").replace("_", " ").capitalize(),
                tone=tone,
                text=str(event.data.get("failure", {}).get("message", "")),
                who=self.names.get(event.actor, event.actor),
                event=event,
                row=by_name.get(event.subject_id),
                facts={"From": change.from_state, "To": change.to_state} if change and change.from_state else {},
            )


def _record_of(payment: Payment) -> IdempotencyRecord | None:
    """The request that made a payment, while its key is remembered."""
    wanted = [payment.idempotency_id] if payment.idempotency_id else []
    found: IdempotencyRecord | None = IdempotencyRecord.objects.filter(pk__in=wanted).only("door", "key").first()
    return found


def _door_of(actor: str) -> str:
    return _DOORS.get(actor.partition("_")[0].partition(":")[0], "unknown")


def _risk(risk: RiskDecision) -> Step:
    return Step(
        at=risk.created_at,
        kind="risk",
        title=f"Risk scored: {risk.verdict}",
        tone=_VERDICT_TONES.get(risk.verdict, ""),
        who=risk.model_version,
        row=risk,
    )


def _routes(payment: Payment) -> Iterator[Step]:
    for route in payment.route_decisions.order_by("created_at", "pk"):
        yield Step(
            at=route.created_at,
            kind="route",
            title=f"Routed to {_chosen_name(route)}",
            text=route.reason,
            who=f"policy {route.policy}",
            row=route,
        )


def _chosen_name(route: RouteDecision) -> str:
    eligible = (each for each in route.candidates if each["eligible"] and each["provider"] == route.chosen)
    best: dict[str, Any] = max(eligible, key=lambda each: each["score"], default={})
    return str(best.get("name") or route.chosen)


def _ledger(payment: Payment) -> Iterator[Step]:
    transfers = Transfer.objects.filter(merchant_id=payment.merchant_id, reference=payment.public_id)
    found = transfers.select_related("debit_account", "credit_account").order_by("created_at", "pk")
    # What is linked to the next one was asked for before it.
    for transfer in sorted(found, key=lambda each: (each.created_at, not each.flags & TransferFlag.LINKED)):
        yield Step(
            at=transfer.created_at,
            kind="ledger",
            title=f"Ledger: {transfer.kind} {_verb(transfer)}",
            tone="wait" if transfer.is_pending else "done",
            row=transfer,
            facts={
                "debit": AccountCode(transfer.debit_account.code).label.capitalize(),
                "credit": AccountCode(transfer.credit_account.code).label.capitalize(),
            },
        )


def _verb(transfer: Transfer) -> str:
    flags = TransferFlag(transfer.flags)
    if TransferFlag.PENDING in flags:
        return "held"
    if flags & (TransferFlag.VOID | TransferFlag.EXPIRE):
        return "released"
    return "posted"


def _webhooks(events: list[Event]) -> Iterator[Step]:
    deliveries = WebhookDelivery.objects.filter(event__in=[event.pk for event in events]).defer("body")
    for delivery in deliveries.select_related("endpoint", "event").order_by("created_at", "pk"):
        yield Step(
            at=delivery.finished_at or delivery.created_at,
            kind="webhook",
            title=f"Webhook {delivery.event.type} {delivery.state}",
            tone=_DELIVERY_TONES.get(delivery.state, ""),
            text=delivery.last_error,
            row=delivery,
        )


def seal_of(event: Event | None) -> str:
    """The hash that the audit chain gave an event; empty until the sequencer has."""
    entry: AuditEntry | None = getattr(event, "audit_entry", None) if event is not None else None
    return entry.hash if entry is not None else ""
