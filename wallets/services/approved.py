"""Transfers between wallets that a second person agrees to: asked for with frozen arguments, done once."""

from typing import Any
from uuid import UUID

from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome, executor
from rupai.approvals.services.request import request_approval
from rupai.core.actor import Actor
from rupai.pages.formats import write_money
from wallets.services.transfers import SCOPE, preview_transfer, transfer_funds

TRANSFER = "wallets.transfer"


def ask_to_transfer(
    *,
    actor: Actor,
    from_wallet_id: str,
    to_wallet_id: str,
    amount: int,
    currency: str,
    description: str = "",
    idempotency_key: str,
) -> Approval:
    """Ask a second person to agree to ``transfer_funds``, after all its checks.

    :raises: what ``preview_transfer`` and ``request_approval`` raise.
    """
    arguments = {
        "from_wallet_id": from_wallet_id,
        "to_wallet_id": to_wallet_id,
        "amount": amount,
        "currency": currency,
        "description": description,
    }
    preview_transfer(actor=actor, **arguments)  # type: ignore[arg-type]  # the values keep the types of the keywords
    return request_approval(
        actor=actor,
        operation=TRANSFER,
        arguments=arguments,
        summary=f"Send {write_money(amount, currency)} from {from_wallet_id} to {to_wallet_id}",
        idempotency_key=idempotency_key,
    )


@executor(TRANSFER, scope=SCOPE, title="Move money between wallets")
def transfer(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Move the money under the approval's own key; ``result`` is the transfer."""
    sent = transfer_funds(actor=actor, idempotency_id=approval, **arguments)
    return Outcome(summary=f"Transfer {sent.public_id} is posted", details={"result": sent.public()})
