"""Moving money for an agent: rehearsed, done, or put before a person, by one rule for all tools."""

from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.urls import reverse

from mcp_bridge.registry import Call
from rupai.approvals.errors import MandateRefused
from rupai.approvals.models import Approval
from rupai.core.errors import DomainError


class CollectDiscontinued(DomainError):
    """Payments by typing a UPI id ended in 2026."""

    code, status = "upi_collect_discontinued", 422
    hint = "Leave vpa out and give a payment_method_token of type upi."


class Preview(Protocol):
    """What a service's dry run tells."""

    def public(self) -> dict[str, Any]: ...


Ask = Callable[[str], Approval]


def move(
    call: Call,
    *,
    preview: Callable[[], Preview],
    do: Callable[[], dict[str, Any]],
    ask: Ask,
    shown: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Do what the agent wants within its mandate, or tell what would happen, or ask a person about it.

    ``ask`` gets the idempotency key of the approval. ``shown`` gives the fields of an answer that moved nothing.

    :raises MandateRefused: when no mandate lets it happen, with or without a person.
    """
    if call.dry_run:
        return shown() | preview().public()
    try:
        return do()
    except MandateRefused as refused:
        if refused.details.get("policy") != "needs_approval":
            raise
        assert call.claim is not None
        return shown() | pending(ask(str(call.claim.id)), refused)


def pending(approval: Approval, refused: MandateRefused) -> dict[str, Any]:
    """The answer to a wish that waits for a person."""
    told = {name: refused.details[name] for name in ("mandate_id", "reason", "remaining") if name in refused.details}
    # Amount and currency are those that the person will see.
    asked = {name: approval.arguments[name] for name in ("amount", "currency") if name in approval.arguments}
    return {
        "status": "pending_approval",
        **asked,
        "policy": {
            "outcome": "needs_approval",
            **told,
            "approval_id": approval.public_id,
            "approval_url": address_of(approval),
        },
    }


def address_of(approval: Approval) -> str:
    """Where a person decides."""
    return str(settings.BASE_URL) + reverse("admin:approval_detail", args=[approval.public_id])


def once(call: Call) -> dict[str, Any]:
    """What a service needs to do the work of a key once."""
    return {"idempotency_id": call.claim.id, "resumed": call.claim.resumed} if call.claim else {}


def without_empty(shown: dict[str, Any]) -> dict[str, Any]:
    """The fields that say something: no nulls, which the tools' schemas do not have."""
    return {name: value for name, value in shown.items() if value is not None}


def refuse_collect(given: dict[str, Any]) -> None:
    """Refuse a UPI id where a saved method belongs.

    :raises CollectDiscontinued: saying so.
    """
    if given.pop("vpa", None):
        raise CollectDiscontinued("A UPI id cannot be charged any more")
