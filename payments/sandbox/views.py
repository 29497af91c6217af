"""How the sandbox acquirer shows its charges, refunds and tokens on the wire."""

from datetime import UTC, datetime
from typing import Any

from payments.sandbox.declines import DECLINES
from payments.sandbox.objects import Charge, ChargeStatus, Payout, PayoutStatus, Refund, RefundStatus
from payments.sandbox.tokens import TOKENS, Challenge, Token


def charge_view(charge: Charge, base_url: str, *, decline: str = "") -> dict[str, Any]:
    """Show a charge; `decline` is the reason of an operation on it that was declined without changing it."""
    instrument = TOKENS.get(charge.token)
    return {
        "id": charge.id,
        "reference": charge.reference,
        "status": charge.status,
        "amount": charge.amount,
        "currency": charge.currency,
        "amount_capturable": charge.capturable,
        "amount_captured": charge.captured,
        "amount_refunded": charge.refunded,
        "captures": [{"id": capture_id, "amount": amount} for capture_id, amount in charge.captures],
        "token": charge.token,
        "method": instrument.method if instrument else None,
        "created": charge.created,
        "action": _action_view(charge, base_url) if charge.status is ChargeStatus.REQUIRES_ACTION else None,
        "decline": decline_view(decline or (charge.decline if charge.status is ChargeStatus.DECLINED else "")),
    }


def refund_view(refund: Refund) -> dict[str, Any]:
    """Show a refund."""
    return {
        "id": refund.id,
        "charge": refund.charge,
        "reference": refund.reference,
        "status": refund.status,
        "amount": refund.amount,
        "currency": refund.currency,
        "created": refund.created,
        "decline": decline_view(refund.decline if refund.status is RefundStatus.DECLINED else ""),
    }


def payout_view(payout: Payout) -> dict[str, Any]:
    """Show a payout."""
    return {
        "id": payout.id,
        "reference": payout.reference,
        "status": payout.status,
        "amount": payout.amount,
        "currency": payout.currency,
        "destination": payout.destination,
        "created": payout.created,
        "decline": decline_view(payout.decline if payout.status is PayoutStatus.DECLINED else ""),
    }


def token_view(token: Token) -> dict[str, Any]:
    """Show what a token stands for, which never includes a card number."""
    return {
        "token": token.name,
        "method": token.method,
        "brand": token.brand,
        "last4": token.last4,
        "label": token.label,
        "country": token.country,
        "expiry_month": token.expiry[0] if token.expiry else None,
        "expiry_year": token.expiry[1] if token.expiry else None,
    }


def decline_view(reason: str) -> dict[str, str] | None:
    """Show why something was declined, or nothing when it was not."""
    if not reason:
        return None
    known = DECLINES[reason]
    return {
        "code": reason,
        "network_code": known.network_code,
        "message": known.message,
        "advice": known.advice,
    }


def _action_view(charge: Charge, base_url: str) -> dict[str, str]:
    url = f"{base_url}/3ds/{charge.secret}"
    if charge.challenge == Challenge.UPI_INTENT:
        # A UPI amount is written in rupees with two decimals.
        rupees = f"{charge.amount // 100}.{charge.amount % 100:02}"
        url = f"upi://pay?pa=sandbox@sandbox&pn=Sandbox&tr={charge.secret}&am={rupees}&cu=INR"
    expires = datetime.fromtimestamp(charge.due / 1000, UTC)
    return {"kind": charge.challenge, "url": url, "expires_at": expires.isoformat(timespec="milliseconds")}
