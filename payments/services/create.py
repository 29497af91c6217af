"""Taking a payment: score, route, intent, provider, outcome."""

from dataclasses import dataclass, field
from uuid import UUID

from payments.models import Attempt, Payment, PaymentMethod, RiskDecision
from payments.models.decisions import Verdict
from payments.models.method import ONE_STEP
from payments.providers.base import ChargeRequest
from payments.risk import rules
from payments.routing import policy
from payments.services import authorization, moves, outcomes, postings
from payments.services.connectors import connector_of_attempt
from payments.services.settle import settle_payment
from payments.states import AttemptState, PaymentState
from rupai.accounts.models import Customer, Merchant
from rupai.core import clock, failpoints, ids, statements
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, WrongState
from rupai.core.money import Money
from wallets.models import Wallet


class LiveModeOff(DomainError):
    """Real money moves only for merchants whom the platform has cleared for it."""

    code, status = "live_mode_off", 403
    hint = "Use a test key, or ask the platform to enable live mode."


class WrongPaymentMethod(DomainError):
    """The saved method does not fit the payment."""

    code, status = "wrong_payment_method", 422


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a merchant wants to be paid: ``money`` in minor units, and what goes with it; ``wallet`` for a top-up."""

    money: Money
    method: str
    customer_id: str
    payment_method_token: str | None = None
    capture: str = "automatic"
    description: str = ""
    order_id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    wallet: Wallet | None = None


def create_payment(*, actor: Actor, wish: Wish, idempotency_id: UUID | None = None, resumed: bool = False) -> Payment:
    """Create a payment and, when a saved method is given, try it at the best provider.

    The result may be captured, authorized, requires_action, processing (outcome not known yet), failed (declined; see
    ``failure``) or requires_payment_method. ``resumed`` says that an earlier call with this ``idempotency_id`` died:
    what it began is settled, and nothing is charged twice.

    :raises NotFound: when customer or payment method are not the actor's.
    :raises WrongPaymentMethod: when the method belongs to another customer or is of another type.
    :raises LiveModeOff: when the merchant may not take real payments yet.
    :raises NoRoute: when no provider account is eligible.
    """
    actor.require("payments:write")
    return take_payment(actor=actor, wish=wish, idempotency_id=idempotency_id, resumed=resumed)


def take_payment(*, actor: Actor, wish: Wish, idempotency_id: UUID | None, resumed: bool) -> Payment:
    """Do what ``create_payment`` does, for a service that has required a scope of its own."""
    begun = Payment.objects.visible_to(actor).filter(idempotency_id=idempotency_id).first() if resumed else None
    if begun is not None:
        return settle_payment(begun, actor=actor)
    check_mode(actor)
    payment = _new_payment(actor, wish, idempotency_id)
    if wish.payment_method_token is None:
        with moves.in_own_transaction():
            moves.begin_payment(payment, actor=actor)
        return payment
    return _try(payment, _saved(actor, wish.payment_method_token), actor, new=True)


def check_mode(actor: Actor) -> None:
    """Refuse to move real money for a merchant who may not yet.

    :raises LiveModeOff: saying so.
    """
    if actor.livemode and not Merchant.objects.filter(pk=actor.merchant, live_enabled=True).exists():
        raise LiveModeOff("This merchant may not take real payments yet")


def _new_payment(actor: Actor, wish: Wish, idempotency_id: UUID | None) -> Payment:
    customer = statements.named(Customer, wish.customer_id, actor=actor)
    now = clock.now()
    return Payment(
        id=ids.new_key(now),
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=now,
        updated_at=now,
        expires_at=now + authorization.AUTHORIZATION_LIVES,
        customer=customer,
        method=wish.method,
        amount=wish.money.minor,
        currency=wish.money.currency,
        capture_mode=wish.capture,
        state=PaymentState.REQUIRES_PAYMENT_METHOD,
        description=wish.description,
        order_id=wish.order_id,
        metadata=wish.metadata,
        wallet=wish.wallet,
        idempotency_id=idempotency_id,
        created_by=actor.id,
    )


def confirm_payment(*, actor: Actor, payment_id: str, payment_method_token: str, resumed: bool = False) -> Payment:
    """Try a payment that waits for a payment method.

    ``resumed`` says that an earlier call of the same request died: what it began is settled, not begun again.

    :raises WrongState: when it waits for something else.
    """
    actor.require("payments:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    if resumed and payment.state != PaymentState.REQUIRES_PAYMENT_METHOD:
        return settle_payment(payment, actor=actor)
    _must_wait(payment)
    return _try(payment, _saved(actor, payment_method_token), actor, new=False)


def _must_wait(payment: Payment) -> None:
    if payment.state != PaymentState.REQUIRES_PAYMENT_METHOD:
        raise WrongState(
            f"This payment is {payment.status} and needs no payment method",
            hint="Read the payment; create a new one to charge again.",
            payment=payment.public_id,
        )


def _saved(actor: Actor, token: str) -> PaymentMethod:
    return statements.named(PaymentMethod, token, actor=actor)


def _check_fit(payment: Payment, saved: PaymentMethod) -> None:
    if saved.customer_id != payment.customer_id:
        raise WrongPaymentMethod("This payment method belongs to another customer")
    if saved.type != payment.method:
        raise WrongPaymentMethod(f"This payment method is {saved.type}, the payment is {payment.method}")
    if saved.detached_at is not None:
        raise WrongPaymentMethod("This payment method was detached", hint="Save a new one.")


def _try(payment: Payment, saved: PaymentMethod, actor: Actor, *, new: bool) -> Payment:
    _check_fit(payment, saved)
    payment.payment_method = saved
    customer_id = ids.public_id(Customer.prefix, payment.customer_id)
    risk = rules.assess(actor=actor, money=payment.money, customer_id=customer_id, method=saved)
    route = policy.choose(actor=actor, money=payment.money, method=payment.method, saved=saved)
    postings.prepare(payment)
    attempt = _record_intent(payment, risk, route, actor, new=new)
    return moves.reread(payment) if attempt is None else run(attempt, actor=actor)


def _record_intent(
    payment: Payment, risk: rules.Assessment, route: policy.Route, actor: Actor, *, new: bool
) -> Attempt | None:
    """Write the payment, its risk, its route and the attempt; None when risk refuses it."""
    blocked = risk.verdict == Verdict.BLOCK
    one_step = payment.method in ONE_STEP
    held = risk.verdict == Verdict.REVIEW and not one_step
    with moves.in_own_transaction():
        if not new:
            saved = payment.payment_method
            payment = moves.lock_payment(payment)
            _must_wait(payment)
            payment.payment_method = saved
        payment.expires_at = None
        attempt = authorization.open_attempt(
            payment,
            account=route.accounts[0],
            route=route,
            capture=payment.capture_mode == Payment.CaptureMode.AUTOMATIC and not held and not blocked,
            challenge=risk.verdict == Verdict.CHALLENGE or (risk.verdict == Verdict.REVIEW and one_step),
            actor=actor,
            beside=[_risk_decision(payment, risk)],
        )
        if new:
            payment.state = PaymentState.PROCESSING
            moves.begin_payment(payment, actor=actor)
        else:
            moves.move_payment(payment, PaymentState.PROCESSING, actor=actor)
        if blocked:
            _refuse(payment, attempt, actor)
        failpoints.hit("authorize.before_intent_commit")
        return None if blocked else attempt


def _risk_decision(payment: Payment, risk: rules.Assessment) -> RiskDecision:
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


def run(attempt: Attempt, *, actor: Actor) -> Payment:
    """Send a committed attempt to its provider and apply the outcome, over to the next provider while that is right."""
    following: Attempt | None = attempt
    payment = attempt.payment
    while following is not None:
        failpoints.hit("authorize.before_call")
        outcome = _call(following)
        failpoints.hit("authorize.after_call")
        with moves.in_own_transaction():
            payment, following = authorization.apply(following, outcome, actor=actor)
            failpoints.hit("authorize.before_commit")
        failpoints.hit("authorize.after_commit")
    return payment


def _call(attempt: Attempt) -> outcomes.Outcome:
    payment = attempt.payment
    saved = payment.payment_method
    assert saved is not None
    request = ChargeRequest(
        reference=attempt.reference,
        idempotency_key=attempt.key_for("authorize"),
        amount=payment.money,
        method=payment.method,
        token=saved.secret_token,
        capture=attempt.capture,
        challenge=attempt.challenge,
        customer_reference=ids.public_id(Customer.prefix, payment.customer_id),
        description=payment.description,
        metadata={"payment_id": payment.public_id},
    )
    return outcomes.of_charge(connector_of_attempt(attempt).authorize(request))
