"""What a provider's answer means for us, in one form for every operation and for every way of hearing it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from payments.providers import base
from payments.providers.decline_rules import RULES
from payments.providers.taxonomy import DeclineCode

Kind = Literal["authorized", "captured", "action", "pending", "declined", "unknown", "voided", "absent"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call.

    ``amount`` is what the provider moved or holds, in minor units; ``action`` is what the payer has to do; ``absent``
    means that the provider has never heard of it.
    """

    kind: Kind
    amount: int = 0
    provider_id: str = ""
    code: str = ""
    message: str = ""
    provider_code: str = ""
    retryable: bool = False
    failover: bool = False
    action: dict[str, Any] = field(default_factory=dict)
    action_expires_at: datetime | None = None
    exchange: dict[str, Any] = field(default_factory=dict)
    milliseconds: int | None = None


def of_charge(result: base.ChargeResult) -> Outcome:
    """Translate the answer to an authorisation."""
    if isinstance(result, base.Success):
        kind: Kind = "captured" if result.captured else "authorized"
        return Outcome(kind, amount=result.amount.minor, provider_id=result.provider_id, **_exchange(result))
    return _other(result)


def of_change(result: base.ChangeResult | base.RefundState, *, done: Kind) -> Outcome:
    """Translate the answer to a capture, void or refund; ``done`` is what success means."""
    if isinstance(result, base.Success):
        return Outcome(done, amount=result.amount.minor, provider_id=result.provider_id, **_exchange(result))
    return _other(result)


def of_view(view: base.PaymentState) -> Outcome:
    """Translate the provider's view of a charge; ``amount`` is what it captured in all, or else holds."""
    if not isinstance(view, base.Found):
        return _other(view)
    kinds: dict[base.FoundState, Kind] = {
        base.FoundState.AUTHORIZED: "authorized",
        base.FoundState.CAPTURED: "captured",
        base.FoundState.VOIDED: "voided",
    }
    amount = view.captured if view.state is base.FoundState.CAPTURED else view.authorized
    return Outcome(kinds[view.state], amount=amount.minor, provider_id=view.provider_id, **_exchange(view))


def _other(result: base.Result) -> Outcome:
    exchange = _exchange(result)
    match result:
        case base.Action():
            action: dict[str, Any] = {"type": str(result.kind), "url": result.url}
            if result.expires_at is not None:
                action["expires_at"] = result.expires_at.isoformat()
            return Outcome(
                "action", provider_id=result.provider_id, action=action, action_expires_at=result.expires_at, **exchange
            )
        case base.Declined():
            return Outcome(
                "declined",
                provider_id=result.provider_id,
                code=str(result.code),
                message=result.message,
                provider_code=result.provider_code,
                retryable=result.retryable,
                failover=result.failover_now,
                **exchange,
            )
        case base.NotKnown():
            code = DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE
            return Outcome("absent", code=str(code), message=RULES[code].message, retryable=True, **exchange)
        case base.Pending():
            return Outcome("pending", provider_id=result.provider_id, **exchange)
        case base.Unknown():
            return Outcome("unknown", message=result.reason, **exchange)
    raise TypeError(f"A connector answered {type(result).__name__}")


def _exchange(result: base.Result) -> dict[str, Any]:
    exchange = {"request": dict(result.request), "response": dict(result.response)}
    return {"exchange": exchange, "milliseconds": result.latency_ms}
