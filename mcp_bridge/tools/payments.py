"""The tools of payments."""

from datetime import timedelta
from typing import Any

from mcp_bridge.money import move, once, refuse_collect, without_empty
from mcp_bridge.registry import Call, Tier, tool
from mcp_bridge.serializers import payments as forms
from payments import selectors
from payments.models import Payment
from payments.routing import outlook
from payments.services import approved
from payments.services.capture import capture_payment, preview_capture
from payments.services.create import Wish, create_payment, preview_payment
from payments.services.refund import preview_refund, refund_payment
from payments.services.verify import verify_payment
from rupai.api.pagination import page_of, place_of
from rupai.core.money import Money
from wallets.selectors.days import beginning_of, zone_of

_TOOLSET = "payments"


def _wish(values: dict[str, Any]) -> Wish:
    values = dict(values)
    refuse_collect(values)
    return Wish(money=Money(values.pop("amount"), values.pop("currency")), **values)


def _shown(payment: Payment) -> dict[str, Any]:
    return without_empty(payment.public())


@tool(
    "create_payment",
    title="Create payment",
    description="Create a payment and route it to the best provider. Moves money.",
    tier=Tier.MONEY,
    scope="payments:write",
    toolset=_TOOLSET,
    input=forms.CreatePayment,
    output=forms.MadePayment,
    open_world=True,
)
def create(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Take a payment; a declined one is an answer with its failure, no error."""
    wish = _wish(values)

    def do() -> dict[str, Any]:
        payment = create_payment(actor=call.actor, wish=wish, **once(call))
        story = selectors.story_of(payment)
        return _shown(payment) | {name: story[name] for name in ("risk", "route") if name in story}

    return move(
        call,
        preview=lambda: preview_payment(actor=call.actor, wish=wish),
        do=do,
        ask=lambda key: approved.ask_to_pay(actor=call.actor, wish=wish, idempotency_key=key),
        shown=lambda: {"method": wish.method, "customer_id": wish.customer_id},
    )


@tool(
    "verify_payment",
    title="Verify payment",
    description="Ask the provider for the payment's true state, reconcile our record and report any difference.",
    tier=Tier.READ,
    scope="payments:read",
    toolset=_TOOLSET,
    input=forms.VerifyPayment,
    output=forms.VerifiedPayment,
    read_only=False,
    open_world=True,
)
def verify(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Ask the provider now."""
    found = verify_payment(actor=call.actor, **values)
    differences = [{"field": each.field, "ours": each.ours, "provider": each.provider} for each in found.differences]
    return {**_shown(found.payment), "verified": found.verified, "discrepancies": differences}


@tool(
    "refund_payment",
    title="Refund payment",
    description="Refund all or part of a captured payment. Moves money; cannot be undone.",
    tier=Tier.MONEY,
    scope="refunds:write",
    toolset=_TOOLSET,
    input=forms.RefundPayment,
    output=forms.RefundedPayment,
    destructive=True,
    open_world=True,
)
def refund(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Give captured money back."""
    values = {name: value for name, value in values.items() if name != "speed"}

    def do() -> dict[str, Any]:
        made = refund_payment(actor=call.actor, **values, **once(call))
        return without_empty(made.public()) | {"refundable_after": made.payment.refundable}

    return move(
        call,
        preview=lambda: preview_refund(actor=call.actor, **values),
        do=do,
        ask=lambda key: approved.ask_to_refund(actor=call.actor, **values, idempotency_key=key),
        shown=lambda: {"payment_id": values["payment_id"]},
    )


@tool(
    "get_payment_status",
    title="Get payment status",
    description="Read one payment from our ledger (no provider call).",
    tier=Tier.READ,
    scope="payments:read",
    toolset=_TOOLSET,
    input=forms.PaymentId,
    output=forms.PaymentStatus,
)
def status(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read a payment with its route and timeline."""
    payment: Payment = selectors.payments_of(call.actor).named(values["payment_id"])
    story = selectors.story_of(payment)
    return _shown(payment) | {name: story[name] for name in ("route", "timeline") if name in story}


@tool(
    "list_payments",
    title="List payments",
    description="Search payments, newest first, cursor paged.",
    tier=Tier.READ,
    scope="payments:read",
    toolset=_TOOLSET,
    input=forms.ListPayments,
    output=forms.PaymentPage,
)
def listing(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Find payments by the REST list's own filters; days are the merchant's."""
    values = dict(values)
    limit, cursor = values.pop("limit"), values.pop("cursor", None)
    rows = selectors.payments_of(call.actor)
    start, end = values.pop("start_date", None), values.pop("end_date", None)
    if start or end:
        zone = zone_of(call.actor.merchant)
        if start:
            rows = rows.filter(created_at__gte=beginning_of(start, zone))
        if end:
            rows = rows.filter(created_at__lt=beginning_of(end + timedelta(days=1), zone))
    narrowed = selectors.PaymentFilter(values, queryset=rows).qs
    place = place_of(call.actor, "list_payments", {**values, "start": start, "end": end})
    page = page_of(narrowed, place=place, limit=limit, cursor=cursor)
    answer: dict[str, Any] = {"payments": [_shown(row) for row in page.rows], "has_more": page.has_more}
    return answer | ({"next_cursor": page.next_cursor} if page.has_more else {})


@tool(
    "capture_payment",
    title="Capture payment",
    description="Capture an authorised payment. Moves money.",
    tier=Tier.MONEY,
    scope="payments:write",
    toolset=_TOOLSET,
    input=forms.CapturePayment,
    output=forms.CapturedPayment,
    open_world=True,
)
def capture(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Take authorised money, all that is left or a part."""

    def do() -> dict[str, Any]:
        taken = capture_payment(actor=call.actor, **values, **once(call))
        return _shown(taken.payment)

    def unmoved() -> dict[str, Any]:
        return _shown(selectors.payments_of(call.actor).named(values["payment_id"]))

    return move(
        call,
        preview=lambda: preview_capture(actor=call.actor, **values),
        do=do,
        ask=lambda key: approved.ask_to_capture(actor=call.actor, **values, idempotency_key=key),
        shown=unmoved,
    )


@tool(
    "explain_routing",
    title="Explain routing",
    description="Which provider a payment would take, and why, without creating it.",
    tier=Tier.READ,
    scope="payments:read",
    toolset=_TOOLSET,
    input=forms.ExplainRouting,
    output=forms.Routing,
)
def explain(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Rank the merchant's accounts as a payment would, with what is known of each."""
    money = Money(values["amount"], values["currency"])
    ranked = outlook.explain(actor=call.actor, money=money, method=values["method"])
    considered = [
        without_empty(
            {
                "provider": each.candidate.provider,
                "score": each.candidate.score,
                "success_rate": round(each.success_rate, 4),
                "sample_size": each.decided,
                "p95_ms": each.p95_ms,
                "reason": each.candidate.reason,
            }
        )
        for each in ranked
    ]
    chosen = ranked[0].candidate if ranked else None
    return {"chosen": chosen.provider if chosen and chosen.score else "", "considered": considered}
