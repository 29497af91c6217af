"""Refunding many payments at once, after a second person has agreed to exactly these amounts."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from payments.models import Payment, Refund
from payments.services.refund import refund_payment
from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome, executor
from rupai.approvals.services.request import request_approval
from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.money import Money
from rupai.pages.formats import write_money

OPERATION = "payments.bulk_refund"
# Even at a provider that takes seconds, one task gets through them within its time; a later run goes on with the rest.
MOST = 100


class NothingToRefund(DomainError):
    code, status = "nothing_to_refund", 422
    hint = "Choose payments of which money was captured and not given back yet."


class TooMany(DomainError):
    code, status = "too_many_refunds", 422
    hint = f"Choose at most {MOST} payments at once."


@dataclass(frozen=True, slots=True)
class Line:
    """A payment of a selection: what would be given back, or why nothing can be."""

    payment: Payment
    amount: int
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bulk refund would do, and what it could not."""

    lines: list[Line]
    refused: list[Line]

    @property
    def totals(self) -> list[Money]:
        """The sum of each currency, in the order of their codes."""
        sums: Counter[str] = Counter()
        for line in self.lines:
            sums[line.payment.currency] += line.amount
        return [Money(amount, code) for code, amount in sorted(sums.items())]


def plan_of(payments: Sequence[Payment]) -> Plan:
    """Sort a selection into what can be refunded in full now, and what cannot."""
    lines = [_line(payment) for payment in payments]
    return Plan([line for line in lines if not line.refusal], [line for line in lines if line.refusal])


def _line(payment: Payment) -> Line:
    if payment.refundable > 0:
        return Line(payment, payment.refundable)
    if payment.amount_refund_pending:
        return Line(payment, 0, "a refund is under way")
    if payment.amount_refunded:
        return Line(payment, 0, "everything was given back already")
    if payment.amount_disputed:
        return Line(payment, 0, "the money is in a dispute")
    return Line(payment, 0, "nothing was captured")


def request_bulk_refund(
    *, actor: Actor, amounts: dict[str, int], reason: str, note: str = "", idempotency_key: str
) -> Approval:
    """Ask a second person to agree to the refund of these amounts, given in minor units by the payments' public ids.

    :raises NothingToRefund: when the selection is empty, or an amount is not left on its payment any more.
    :raises TooMany: when there are more than one approval may carry.
    """
    actor.require("refunds:write")
    if len(amounts) > MOST:
        raise TooMany(f"These are {len(amounts)} payments")
    rows = Payment.objects.visible_to(actor)
    payments = [rows.named(name) for name in sorted(amounts)]
    for payment in payments:
        if not 0 < amounts[payment.public_id] <= payment.refundable:
            raise NothingToRefund(f"Payment {payment.public_id} has {Money(payment.refundable, payment.currency)} left")
    if not payments:
        raise NothingToRefund("None of these payments can be refunded")
    items = [_item(payment, amounts[payment.public_id]) for payment in payments]
    plan = Plan([Line(payment, amounts[payment.public_id]) for payment in payments], [])
    totals = ", ".join(write_money(total.minor, total.currency) for total in plan.totals)
    return request_approval(
        actor=actor,
        operation=OPERATION,
        arguments={"refunds": items, "reason": reason, "note": note},
        summary=f"Refund {len(items)} payment{'s' if len(items) > 1 else ''}: {totals}",
        idempotency_key=idempotency_key,
    )


def _item(payment: Payment, amount: int) -> dict[str, Any]:
    return {
        "payment_id": payment.public_id,
        "amount": amount,
        "currency": payment.currency,
        "order_id": payment.order_id,
    }


@executor(OPERATION, scope="refunds:write", title="Bulk refund", template="payments/_bulk_refund_arguments.html")
def refund_all(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Refund each payment of an approved list; one that is refused does not stop the others.

    Each refund has a key computed from the approval and the payment, so that a second run repeats nothing.
    """
    results = [_refund(actor, approval, item, arguments) for item in arguments["refunds"]]
    counts = Counter(str(result["status"]) for result in results)
    given = counts["succeeded"] + counts["pending"]
    parts = [f"{counts['succeeded']} of {len(results)} refunded"]
    parts += [f"{counts['pending']} waiting for the provider"] if counts["pending"] else []
    lost = counts["failed"] + counts["refused"]
    parts += [f"{lost} not refunded"] if lost else []
    return Outcome(summary=", ".join(parts) + ".", succeeded=given > 0, details={"refunds": results, "refused": lost})


def _refund(actor: Actor, approval: UUID, item: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    shown = {"payment_id": item["payment_id"], "amount": item["amount"], "currency": item["currency"]}
    try:
        refund = refund_payment(
            actor=actor,
            payment_id=item["payment_id"],
            amount=item["amount"],
            reason=arguments["reason"],
            note=arguments["note"],
            idempotency_id=_key(approval, item["payment_id"]),
            # Whether or not this is the first run: what an earlier one began is found by its key.
            resumed=True,
        )
    except DomainError as refusal:
        return {**shown, "status": "refused", "message": refusal.message}
    return {**shown, "status": str(refund.state), "refund_id": refund.public_id, "message": _why(refund)}


def _why(refund: Refund) -> str:
    return refund.failure_message or refund.failure_code


def _key(approval: UUID, payment_id: str) -> UUID:
    return uuid.uuid5(approval, str(ids.parse(Payment.prefix, payment_id)))
