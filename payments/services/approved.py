"""Payments, captures, refunds and top-ups that a second person agrees to: asked for with frozen arguments, done once.

The approval's key is the idempotency id of the service, so that a run after a crash goes on from what was begun.
"""

from base64 import b64decode, b64encode
from typing import Any
from uuid import UUID

from payments.models import Payment
from payments.services.capture import capture_payment, preview_capture
from payments.services.create import Wish, create_payment, preview_payment
from payments.services.refund import preview_refund, refund_payment
from payments.services.top_up import preview_top_up, top_up_wallet
from payments.services.withdraw import check_withdrawal, withdraw
from payments.states import PaymentState, TransferState
from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome, executor
from rupai.approvals.services.request import request_approval
from rupai.core import crypto
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.pages.formats import write_money

CREATE, CAPTURE, REFUND, TOP_UP = "payments.create", "payments.capture", "payments.refund", "wallets.top_up"
WITHDRAW = "wallets.withdraw"
# A destination is sealed wherever it lies; an approval's arguments are no exception.
_DESTINATION = "payments.approved.destination"


def ask_to_pay(*, actor: Actor, wish: Wish, idempotency_key: str) -> Approval:
    """Ask a second person to agree to ``create_payment``, after all its checks.

    :raises: what ``preview_payment`` and ``request_approval`` raise.
    """
    preview_payment(actor=actor, wish=wish)
    arguments = {
        "amount": wish.money.minor,
        "currency": wish.money.currency,
        "method": wish.method,
        "customer_id": wish.customer_id,
        "payment_method_token": wish.payment_method_token,
        "capture": wish.capture,
        "description": wish.description,
        "order_id": wish.order_id,
        "metadata": wish.metadata,
        "preferred_provider": wish.preferred_provider,
    }
    return _ask(actor, CREATE, arguments, f"Take {_words(wish.money)} from {wish.customer_id}", idempotency_key)


def ask_to_capture(*, actor: Actor, payment_id: str, amount: int | None = None, idempotency_key: str) -> Approval:
    """Ask a second person to agree to ``capture_payment``; what is left to capture now is what they agree to.

    :raises: what ``preview_capture`` and ``request_approval`` raise.
    """
    money = preview_capture(actor=actor, payment_id=payment_id, amount=amount).money
    arguments = {"payment_id": payment_id, "amount": money.minor, "currency": money.currency}
    return _ask(actor, CAPTURE, arguments, f"Capture {_words(money)} of {payment_id}", idempotency_key)


def ask_to_refund(
    *,
    actor: Actor,
    payment_id: str,
    amount: int | None = None,
    reason: str = "other",
    note: str = "",
    idempotency_key: str,
) -> Approval:
    """Ask a second person to agree to ``refund_payment``; what is left to refund now is what they agree to.

    :raises: what ``preview_refund`` and ``request_approval`` raise.
    """
    money = preview_refund(actor=actor, payment_id=payment_id, amount=amount, reason=reason, note=note).money
    arguments = {
        "payment_id": payment_id,
        "amount": money.minor,
        "currency": money.currency,
        "reason": reason,
        "note": note,
    }
    return _ask(actor, REFUND, arguments, f"Refund {_words(money)} of {payment_id}", idempotency_key)


def ask_to_top_up(
    *, actor: Actor, wallet_id: str, money: Money, payment_method_token: str, idempotency_key: str
) -> Approval:
    """Ask a second person to agree to ``top_up_wallet``, after all its checks.

    :raises: what ``preview_top_up`` and ``request_approval`` raise.
    """
    preview_top_up(actor=actor, wallet_id=wallet_id, money=money, payment_method_token=payment_method_token)
    arguments = {
        "wallet_id": wallet_id,
        "amount": money.minor,
        "currency": money.currency,
        "payment_method_token": payment_method_token,
    }
    return _ask(actor, TOP_UP, arguments, f"Fill {wallet_id} with {_words(money)}", idempotency_key)


def ask_to_withdraw(
    *, actor: Actor, wallet_id: str, money: Money, destination: str, description: str = "", idempotency_key: str
) -> Approval:
    """Ask a second person to agree to ``withdraw``, after all its checks.

    Asking again with the same key gives the same approval, also for another destination: the first one holds.

    :raises: what ``check_withdrawal`` and ``request_approval`` raise.
    """
    check_withdrawal(actor=actor, wallet_id=wallet_id, money=money, destination=destination)
    known = Approval.objects.visible_to(actor).filter(operation=WITHDRAW, idempotency_key=idempotency_key).first()
    if known is not None:
        return known
    arguments = {
        "wallet_id": wallet_id,
        "amount": money.minor,
        "currency": money.currency,
        "destination": b64encode(crypto.seal(destination.encode(), context=_DESTINATION)).decode(),
        "destination_ends_in": destination[-4:],
        "description": description,
    }
    return _ask(actor, WITHDRAW, arguments, f"Pay {_words(money)} out of {wallet_id}", idempotency_key)


@executor(CREATE, scope="payments:write", title="Take a payment")
def pay(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Create the payment; ``result`` is what the call itself would have answered."""
    values = dict(arguments)
    wish = Wish(money=Money(values.pop("amount"), values.pop("currency")), **values)
    payment = create_payment(actor=actor, wish=wish, idempotency_id=approval, resumed=True)
    return _of_payment(payment, failed=payment.state == PaymentState.FAILED)


@executor(CAPTURE, scope="payments:write", title="Capture a payment")
def capture(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Capture the payment; ``result`` is the payment as it is afterwards."""
    payment_id, amount = arguments["payment_id"], arguments["amount"]
    taken = capture_payment(actor=actor, payment_id=payment_id, amount=amount, idempotency_id=approval, resumed=True)
    return _of_payment(taken.payment, failed=taken.state == TransferState.FAILED)


@executor(REFUND, scope="refunds:write", title="Refund a payment")
def refund(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Refund the payment; ``result`` is the refund."""
    given = {name: arguments[name] for name in ("payment_id", "amount", "reason", "note")}
    made = refund_payment(actor=actor, idempotency_id=approval, resumed=True, **given)
    failed = made.state == TransferState.FAILED
    return _outcome(f"Refund {made.public_id} is {made.state}", made.public(), failed=failed)


@executor(TOP_UP, scope="wallets:topup", title="Fill a wallet")
def top_up(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Charge the saved method and credit the wallet; ``result`` is the top-up."""
    values = dict(arguments)
    money = Money(values.pop("amount"), values.pop("currency"))
    made = top_up_wallet(actor=actor, money=money, idempotency_id=approval, resumed=True, **values)
    return _outcome(f"Top-up {made.public_id} is {made.status}", made.public(), failed=made.status == "failed")


@executor(WITHDRAW, scope="wallets:withdraw", title="Pay out of a wallet", template="payments/_withdraw_arguments.html")
def pay_out(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
    """Pay out to the destination that was asked for; ``result`` is the payout."""
    made = withdraw(
        actor=actor,
        wallet_id=arguments["wallet_id"],
        money=Money(arguments["amount"], arguments["currency"]),
        destination=crypto.unseal(b64decode(arguments["destination"]), context=_DESTINATION).decode(),
        description=arguments["description"],
        idempotency_id=approval,
        resumed=True,
    )
    return _outcome(f"Payout {made.public_id} is {made.status}", made.public(), failed=made.status == "failed")


def _ask(actor: Actor, operation: str, arguments: dict[str, Any], summary: str, key: str) -> Approval:
    return request_approval(actor=actor, operation=operation, arguments=arguments, summary=summary, idempotency_key=key)


def _of_payment(payment: Payment, *, failed: bool) -> Outcome:
    why = f": {payment.failure_message}" if failed and payment.failure_message else ""
    return _outcome(f"Payment {payment.public_id} is {payment.status}{why}", payment.public(), failed=failed)


def _outcome(summary: str, result: dict[str, Any], *, failed: bool) -> Outcome:
    return Outcome(summary=summary, succeeded=not failed, details={"result": result})


def _words(money: Money) -> str:
    return write_money(money.minor, money.currency)
