"""What the sandbox acquirer's answers mean; whatever is not understood for certain is unknown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from payments.providers.base import (
    Action,
    ActionKind,
    ChangeResult,
    ChargeResult,
    Declined,
    Found,
    FoundState,
    NotKnown,
    PaymentState,
    PayoutState,
    Pending,
    RefundState,
    Success,
    TokenDescription,
    TokenResult,
    Unknown,
)
from payments.providers.exchange import Sent, Unreadable, integer, objects, text
from payments.providers.sandbox_codes import ADVICE, DECLINES, REFUSALS
from payments.providers.taxonomy import DeclineCode
from rupai.core.errors import InvalidInput
from rupai.core.money import Money

T = TypeVar("T")

_FOUND = {
    "authorized": FoundState.AUTHORIZED,
    "partially_captured": FoundState.CAPTURED,
    "captured": FoundState.CAPTURED,
    "voided": FoundState.VOIDED,
}


def charge_result(sent: Sent, reference: str) -> ChargeResult:
    """Read the answer to a new charge."""
    return _changed(sent, (200, 201), lambda body: _charge(sent, body, reference))


def capture_result(sent: Sent, provider_id: str) -> ChangeResult:
    """Read the answer to a capture; the amount is that of this capture."""

    def read(body: Mapping[str, Any]) -> ChangeResult:
        _same(body, "id", provider_id)
        made = objects(body, "captures")
        if not made:
            raise Unreadable("The answer shows no capture")
        amount = Money(integer(made[-1], "amount"), text(body, "currency"))
        return Success(provider_id=provider_id, amount=amount, captured=True, **sent.trace)

    return _changed(sent, (200,), read)


def void_result(sent: Sent, provider_id: str) -> ChangeResult:
    """Read the answer to a void; the amount is what was authorised."""

    def read(body: Mapping[str, Any]) -> ChangeResult:
        _same(body, "id", provider_id)
        _same(body, "status", "voided")
        return Success(provider_id=provider_id, amount=_money(body, "amount"), **sent.trace)

    return _changed(sent, (200,), read)


def refund_result(sent: Sent, reference: str) -> ChangeResult:
    """Read the answer to a refund."""
    return _changed(sent, (200, 201), lambda body: _refund(sent, body, reference))


def payout_result(sent: Sent, reference: str) -> ChangeResult:
    """Read the answer to a payout."""
    return _changed(sent, (200, 201), lambda body: _payout(sent, body, reference))


def payment_by_id(sent: Sent, reference: str) -> PaymentState:
    """Read the answer to a look-up by the acquirer's id."""
    if sent.status == 404 and _refusal_code(sent) == "not_found":
        return NotKnown(**sent.trace)
    return _looked_up(sent, lambda body: _payment(sent, body, reference))


def payment_by_reference(sent: Sent, reference: str) -> PaymentState:
    """Read the answer to a look-up by our reference."""

    def read(body: Mapping[str, Any]) -> PaymentState:
        found = objects(body, "charges")
        if len(found) > 1:
            # Two charges for one attempt must reach a person, not be guessed about.
            raise Unreadable(f"The provider holds {len(found)} charges under one reference")
        return _payment(sent, found[0], reference) if found else NotKnown(**sent.trace)

    return _looked_up(sent, read)


def refund_by_reference(sent: Sent, reference: str) -> RefundState:
    """Read the answer to a look-up of a refund by our reference."""

    def read(body: Mapping[str, Any]) -> RefundState:
        found = objects(body, "refunds")
        standing = [refund for refund in found if refund.get("status") != "declined"]
        if len(standing) > 1:
            raise Unreadable(f"The provider holds {len(standing)} refunds under one reference")
        return _refund(sent, (standing or found)[-1], reference) if found else NotKnown(**sent.trace)

    return _looked_up(sent, read)


def payout_by_reference(sent: Sent, reference: str) -> PayoutState:
    """Read the answer to a look-up of a payout by our reference."""

    def read(body: Mapping[str, Any]) -> PayoutState:
        found = objects(body, "payouts")
        standing = [payout for payout in found if payout.get("status") != "declined"]
        if len(standing) > 1:
            raise Unreadable(f"The provider holds {len(standing)} payouts under one reference")
        return _payout(sent, (standing or found)[-1], reference) if found else NotKnown(**sent.trace)

    return _looked_up(sent, read)


def token_description(sent: Sent) -> TokenResult:
    """Read what a token stands for."""
    if sent.status == 404 and _refusal_code(sent) == "not_found":
        return NotKnown(**sent.trace)

    def read(body: Mapping[str, Any]) -> TokenResult:
        dated = body.get("expiry_year") is not None
        return TokenDescription(
            method=text(body, "method"),
            brand=text(body, "brand"),
            last4=text(body, "last4"),
            label=text(body, "label"),
            country=text(body, "country"),
            expiry_month=integer(body, "expiry_month") if dated else None,
            expiry_year=integer(body, "expiry_year") if dated else None,
            **sent.trace,
        )

    return _looked_up(sent, read)


def _changed(sent: Sent, expected: tuple[int, ...], read: Callable[[Mapping[str, Any]], T]) -> T | Declined | Unknown:
    """Read the answer to an operation that may have moved money."""
    if sent.never_sent:
        return Declined(
            code=DeclineCode.DOWNSTREAM_TECHNICAL_ISSUE,
            provider_code="not_sent",
            provider_message=sent.failure,
            **sent.trace,
        )
    if sent.body is None:
        return Unknown(reason=sent.failure, **sent.trace)
    refusal = REFUSALS.get(_refusal_code(sent))
    if 400 <= sent.status < 500 and refusal is not None:
        error = sent.body["error"]
        message = str(error.get("message", ""))
        return Declined(code=refusal, provider_code=error["code"], provider_message=message, **sent.trace)
    try:
        if sent.status == 402:
            return _declined(sent, sent.body)
        if sent.status in expected:
            return read(sent.body)
    except (Unreadable, InvalidInput) as error:
        return Unknown(reason=str(error), **sent.trace)
    return Unknown(reason=f"The provider answered {sent.status}", **sent.trace)


def _looked_up(sent: Sent, read: Callable[[Mapping[str, Any]], T]) -> T | Unknown:
    """Read the answer to a question; without a clear answer the matter stays unknown."""
    if sent.body is None:
        return Unknown(reason=sent.failure, **sent.trace)
    if sent.status != 200:
        return Unknown(reason=f"The provider answered {sent.status}", **sent.trace)
    try:
        return read(sent.body)
    except (Unreadable, InvalidInput) as error:
        return Unknown(reason=str(error), **sent.trace)


def _charge(sent: Sent, body: Mapping[str, Any], reference: str) -> ChargeResult:
    _same(body, "reference", reference)
    status, provider_id = text(body, "status"), text(body, "id")
    if status in ("authorized", "captured"):
        amount = _money(body, "amount")
        return Success(provider_id=provider_id, amount=amount, captured=status == "captured", **sent.trace)
    if status == "pending":
        return Pending(provider_id=provider_id, **sent.trace)
    if status == "requires_action":
        return _action(sent, body, provider_id)
    if status == "declined":
        return _declined(sent, body)
    raise Unreadable(f"The answer shows the charge as {status}")


def _payment(sent: Sent, body: Mapping[str, Any], reference: str) -> PaymentState:
    state = _FOUND.get(text(body, "status"))
    if state is None:
        waiting = _charge(sent, body, reference)
        if isinstance(waiting, Success):
            raise Unreadable("The charge's status is unknown")
        return waiting
    _same(body, "reference", reference)
    return Found(
        provider_id=text(body, "id"),
        state=state,
        authorized=_money(body, "amount"),
        captured=_money(body, "amount_captured"),
        refunded=_money(body, "amount_refunded"),
        **sent.trace,
    )


def _refund(sent: Sent, body: Mapping[str, Any], reference: str) -> Success | Pending | Declined:
    return _ended(sent, body, reference, done="succeeded", noun="refund")


def _ended(
    sent: Sent, body: Mapping[str, Any], reference: str, *, done: str, noun: str
) -> Success | Pending | Declined:
    _same(body, "reference", reference)
    status, provider_id = text(body, "status"), text(body, "id")
    if status == done:
        return Success(provider_id=provider_id, amount=_money(body, "amount"), **sent.trace)
    if status == "pending":
        return Pending(provider_id=provider_id, **sent.trace)
    if status == "declined":
        return _declined(sent, body)
    raise Unreadable(f"The answer shows the {noun} as {status}")


def _payout(sent: Sent, body: Mapping[str, Any], reference: str) -> Success | Pending | Declined:
    return _ended(sent, body, reference, done="paid", noun="payout")


def _action(sent: Sent, body: Mapping[str, Any], provider_id: str) -> Action:
    action = body.get("action")
    if not isinstance(action, dict):
        raise Unreadable("action is missing in the answer")
    try:
        kind, expires = ActionKind(text(action, "kind")), datetime.fromisoformat(text(action, "expires_at"))
    except ValueError as error:
        raise Unreadable(f"The action cannot be read: {error}") from error
    return Action(provider_id=provider_id, kind=kind, url=text(action, "url"), expires_at=expires, **sent.trace)


def _declined(sent: Sent, body: Mapping[str, Any]) -> Declined:
    decline = body.get("decline")
    if not isinstance(decline, dict):
        raise Unreadable("decline is missing in the answer")
    reason = text(decline, "code")
    return Declined(
        code=DECLINES.get(reason, DeclineCode.GENERIC_UNKNOWN_ERROR),
        provider_id=text(body, "id"),
        provider_code=reason,
        network_code=text(decline, "network_code"),
        provider_message=text(decline, "message"),
        advice=ADVICE.get(text(decline, "advice")),
        **sent.trace,
    )


def _refusal_code(sent: Sent) -> str:
    error = (sent.body or {}).get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else ""


def _money(body: Mapping[str, Any], name: str) -> Money:
    return Money(integer(body, name), text(body, "currency"))


def _same(body: Mapping[str, Any], name: str, expected: str) -> None:
    if text(body, name) != expected:
        raise Unreadable(f"The answer's {name} is not the one that was asked for")
