"""Writing the intent to try a payment: the payment, its risk, its route and the attempt, in one transaction."""

from dataclasses import dataclass

from payments.models import Attempt, Payment, RiskDecision
from payments.models.decisions import Verdict
from payments.models.method import ONE_STEP
from payments.risk.rules import Assessment
from payments.routing.policy import Route
from payments.services import authorization, mandated, moves
from payments.states import AttemptState, PaymentState
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import WrongState


@dataclass(frozen=True, slots=True)
class Plan:
    """A payment with its method, and what was decided about it before anything is written."""

    payment: Payment
    risk: Assessment
    route: Route


def begin(payment: Payment, *, actor: Actor) -> None:
    """Write a payment that waits for its payment method, in the running transaction.

    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    mandated.reserve(mandated.of_payment(payment), actor=actor)
    moves.begin_payment(payment, actor=actor)


def record(plan: Plan, *, actor: Actor, new: bool) -> Attempt | None:
    """Write the payment, its risk, its route and the attempt in the running transaction; None when risk refuses it.

    :raises WrongState: when a payment that is not new waits for something else by now.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
    """
    payment, risk = plan.payment, plan.risk
    blocked = risk.verdict == Verdict.BLOCK
    wallet = payment.payment_method is not None and payment.payment_method.wallet_id is not None
    one_step = payment.method in ONE_STEP and not wallet
    # Nobody can be asked to authenticate at a wallet of ours: what would be challenged is held for a person instead.
    held = risk.verdict in ({Verdict.REVIEW, Verdict.CHALLENGE} if wallet else {Verdict.REVIEW}) and not one_step
    if new:
        mandated.reserve(mandated.of_payment(payment), actor=actor)
    else:
        saved = payment.payment_method
        payment = moves.lock_payment(payment)
        must_wait(payment)
        payment.payment_method = saved
    payment.expires_at = None
    attempt = authorization.open_attempt(
        payment,
        account=plan.route.accounts[0],
        route=plan.route,
        capture=payment.capture_mode == Payment.CaptureMode.AUTOMATIC and not held and not blocked,
        challenge=risk.verdict == Verdict.CHALLENGE or (risk.verdict == Verdict.REVIEW and one_step),
        actor=actor,
        beside=[risk_decision(payment, risk)],
    )
    if new:
        payment.state = PaymentState.PROCESSING
        moves.begin_payment(payment, actor=actor)
    else:
        moves.move_payment(payment, PaymentState.PROCESSING, actor=actor)
    if blocked:
        _refuse(payment, attempt, actor)
    return None if blocked else attempt


def must_wait(payment: Payment) -> None:
    """Refuse a payment that does not wait for a payment method.

    :raises WrongState: saying so.
    """
    if payment.state != PaymentState.REQUIRES_PAYMENT_METHOD:
        raise WrongState(
            f"This payment is {payment.status} and needs no payment method",
            hint="Read the payment; create a new one to charge again.",
            payment=payment.public_id,
        )


def risk_decision(payment: Payment, risk: Assessment) -> RiskDecision:
    """The row that keeps how risky a payment looked, and why."""
    return RiskDecision(
        payment=payment,
        score=risk.score,
        verdict=risk.verdict,
        factors=[
            {"name": factor.name, "weight": factor.weight, "verdict": factor.verdict, "detail": factor.detail}
            for factor in risk.factors
        ],
        inputs=risk.inputs,
        model_version=risk.version,
        created_at=clock.now(),
    )


def _refuse(payment: Payment, attempt: Attempt, actor: Actor) -> None:
    moves.move_attempt(attempt, payment, AttemptState.REFUSED_BY_RISK, actor=actor)
    payment.failure_code = "suspected_fraud"
    payment.failure_message = "Our risk rules refused this payment"
    moves.move_payment(payment, PaymentState.FAILED, actor=actor)
