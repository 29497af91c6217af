"""What each movement of a payment counts as under an agent's mandate: scope, amount, payee, and the key of its row."""

from dataclasses import dataclass

from payments.models import Capture, Payment, Payout, Refund
from payments.states import PaymentState, PayoutState, TransferState
from rupai.accounts.models import Customer
from rupai.approvals.errors import MandateRefused
from rupai.approvals.services import mandates
from rupai.approvals.services.verdicts import Verdict
from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.money import Money
from wallets.models import Wallet

# When the money is taken or held for us, the amount is used; when it was let go, it is not.
_DONE: frozenset[str] = frozenset({PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED, PaymentState.CAPTURED})
_UNDONE: frozenset[str] = frozenset({PaymentState.FAILED, PaymentState.CANCELLED, PaymentState.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of money as a mandate sees it."""

    scope: str
    money: Money
    payee: str
    key: str
    subject: str


def of_payment(payment: Payment) -> Movement:
    """Taking a payment, for its customer; for a top-up, for its wallet."""
    key = payment.public_id
    scope = "payments:write" if payment.wallet_id is None else "wallets:topup"
    return Movement(scope=scope, money=payment.money, payee=_payee(payment), key=key, subject=key)


def of_capture(capture: Capture, payment: Payment) -> Movement:
    """Taking authorised money of somebody else's payment."""
    money = Money(capture.amount, payment.currency)
    return Movement(
        scope="payments:write",
        money=money,
        payee=_payee(payment),
        key=capture.public_id,
        subject=payment.public_id,
    )


def of_refund(refund: Refund, payment: Payment) -> Movement:
    """Giving money back to the payment's customer."""
    return Movement(
        scope="refunds:write",
        money=Money(refund.amount, refund.currency),
        payee=_payee(payment),
        key=refund.public_id,
        subject=payment.public_id,
    )


def of_payout(payout: Payout) -> Movement:
    """Paying out of a wallet."""
    wallet = ids.public_id(Wallet.prefix, payout.wallet_id)
    key = payout.public_id
    return Movement(scope="wallets:withdraw", money=payout.money, payee=wallet, key=key, subject=key)


def reserve(movement: Movement, *, actor: Actor) -> None:
    """Set the amount aside in the running transaction; nothing for those who are no agents.

    :raises MandateRefused: when no mandate of the agent covers it.
    """
    mandates.reserve(
        actor=actor,
        scope=movement.scope,
        money=movement.money,
        payee=movement.payee,
        key=movement.key,
        subject=movement.subject,
    )


def verdict(movement: Movement, *, actor: Actor) -> Verdict:
    """What the agent's mandates say to a movement, with nothing set aside."""
    return mandates.policy(actor=actor, scope=movement.scope, money=movement.money, payee=movement.payee)


def verdict_of_capture(capture: Capture, payment: Payment, *, actor: Actor) -> Verdict:
    """As ``verdict``; a capture that does not count is allowed."""
    if not counts(payment, actor=actor):
        return mandates.FREE
    return verdict(of_capture(capture, payment), actor=actor)


def counts(payment: Payment, *, actor: Actor) -> bool:
    """Whether a capture counts by itself: an agent's own payment was counted when it was made."""
    return actor.kind == "agent" and payment.created_by != actor.id


def require_own(payment: Payment, *, actor: Actor) -> None:
    """Refuse an agent that wants to try a payment which another one, or a person, has made and not counted for it.

    :raises MandateRefused: saying so.
    """
    if counts(payment, actor=actor):
        hint = "Create a payment of your own."
        raise MandateRefused("An agent tries its own payments only", hint=hint, reason="no_mandate")


def settle_payment(payment: Payment) -> None:
    """Count or give back an agent's payment after its state has moved; otherwise it stays reserved."""
    if mandates.by_agent(payment.created_by):
        if payment.state in _DONE:
            mandates.commit(key=payment.public_id, by=payment.created_by)
        elif payment.state in _UNDONE:
            mandates.release(key=payment.public_id, by=payment.created_by)


def settle(row: Capture | Refund | Payout) -> None:
    """Count or give back an agent's capture, refund or payout whose outcome is known."""
    if mandates.by_agent(row.created_by):
        done = row.state in {TransferState.SUCCEEDED, PayoutState.PAID}
        (mandates.commit if done else mandates.release)(key=row.public_id, by=row.created_by)


def _payee(payment: Payment) -> str:
    if payment.wallet_id is not None:
        return ids.public_id(Wallet.prefix, payment.wallet_id)
    return ids.public_id(Customer.prefix, payment.customer_id)
