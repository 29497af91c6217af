"""Asking the provider now, and going on from what it says."""

from payments.models import Attempt, Payment
from payments.services import moves
from payments.services.create import run
from payments.services.settle import settle_attempt, settle_refund
from payments.states import TransferState
from rupai.core.actor import Actor


def ask_about_attempt(attempt: Attempt, *, actor: Actor) -> None:
    """Settle an attempt whose outcome is open, and run the one at another provider that follows, if one does."""
    following = settle_attempt(attempt, actor=actor)
    if following is not None:
        run(following, actor=actor)


def ask_about_payment(payment: Payment, *, actor: Actor) -> Payment:
    """Settle what is open of a payment and its refunds; asking twice changes nothing.

    :returns: the payment as it is afterwards.
    :raises ScopeMissing: when the actor may not write payments.
    """
    actor.require("payments:write")
    attempt = payment.tries.order_by("-number").first()
    if attempt is not None:
        ask_about_attempt(attempt, actor=actor)
    for refund in payment.refunds.filter(state=TransferState.PENDING):
        settle_refund(refund, actor=actor)
    return moves.reread(payment)
