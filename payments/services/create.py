"""Taking a payment: score, route, intent, provider, outcome."""

from dataclasses import dataclass, field
from uuid import UUID

from payments.models import Attempt, Payment, PaymentMethod
from payments.providers.base import ChargeRequest
from payments.risk import rules
from payments.routing import policy
from payments.services import authorization, intent, mandated, moves, outcomes, postings
from payments.services.connectors import connector_of_attempt
from payments.services.intent import Plan
from payments.services.preview import Preview
from payments.services.settle import settle_payment
from payments.states import PaymentState
from rupai.accounts.models import Customer, Merchant
from rupai.core import clock, failpoints, ids, statements
from rupai.core.actor import Actor
from rupai.core.dry_run import rehearsal, unbound
from rupai.core.errors import DomainError
from rupai.core.money import CurrencyMismatch, Money
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
    """What a merchant wants to be paid: ``money`` in minor units, and what goes with it; ``wallet`` for a top-up.

    ``preferred_provider`` goes first where it can take the payment; ``auto`` leaves the choice to the router.
    """

    money: Money
    method: str
    customer_id: str
    payment_method_token: str | None = None
    capture: str = "automatic"
    description: str = ""
    order_id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    wallet: Wallet | None = None
    preferred_provider: str = "auto"


def create_payment(*, actor: Actor, wish: Wish, idempotency_id: UUID | None = None, resumed: bool = False) -> Payment:
    """Create a payment and, when a saved method is given, try it at the best provider.

    The result may be captured, authorized, requires_action, processing (outcome not known yet), failed (declined; see
    ``failure``) or requires_payment_method. ``resumed`` says that an earlier call with this ``idempotency_id`` died:
    what it began is settled, and nothing is charged twice.

    :raises NotFound: when customer or payment method are not the actor's.
    :raises WrongPaymentMethod: when the method belongs to another customer or is of another type.
    :raises LiveModeOff: when the merchant may not take real payments yet.
    :raises NoRoute: when no provider account is eligible.
    :raises MandateRefused: when the actor is an agent and has no mandate for it.
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
            intent.begin(payment, actor=actor)
        return payment
    return _try(payment, _saved(actor, wish.payment_method_token), actor, new=True, prefer=wish.preferred_provider)


def preview_payment(*, actor: Actor, wish: Wish) -> Preview:
    """Run all checks of ``create_payment``: score, route, mandate. Nothing is written, and no provider is asked.

    :raises: what ``create_payment`` raises, but a mandate's refusal, which the preview tells.
    """
    actor.require("payments:write")
    return preview_taking(actor=actor, wish=wish)


def preview_taking(*, actor: Actor, wish: Wish) -> Preview:
    """Do what ``preview_payment`` does, for a service that has required a scope of its own."""
    check_mode(actor)
    payment = _new_payment(actor, wish, None)
    token, free = wish.payment_method_token, unbound(actor)
    plan = _plan(payment, _saved(actor, token), actor, wish.preferred_provider) if token is not None else None
    with rehearsal():
        if plan is None:
            intent.begin(payment, actor=free)
        else:
            intent.record(plan, actor=free, new=True)
    return Preview(
        money=wish.money,
        payment=payment,
        verdict=mandated.verdict(mandated.of_payment(payment), actor=actor),
        risk=plan.risk if plan else None,
        route=plan.route if plan else None,
    )


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
    :raises MandateRefused: when the actor is an agent and the payment is not its own.
    """
    actor.require("payments:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    mandated.require_own(payment, actor=actor)
    if resumed and payment.state != PaymentState.REQUIRES_PAYMENT_METHOD:
        return settle_payment(payment, actor=actor)
    intent.must_wait(payment)
    return _try(payment, _saved(actor, payment_method_token), actor, new=False)


def _saved(actor: Actor, token: str) -> PaymentMethod:
    return statements.named(PaymentMethod, token, actor=actor)


def _check_fit(payment: Payment, saved: PaymentMethod) -> None:
    if saved.customer_id != payment.customer_id:
        raise WrongPaymentMethod("This payment method belongs to another customer")
    if saved.type != payment.method:
        raise WrongPaymentMethod(f"This payment method is {saved.type}, the payment is {payment.method}")
    if saved.detached_at is not None:
        raise WrongPaymentMethod("This payment method was detached", hint="Save a new one.")
    if saved.wallet is not None and saved.wallet.currency != payment.currency:
        raise CurrencyMismatch(f"This wallet holds {saved.wallet.currency}, not {payment.currency}")


def _try(payment: Payment, saved: PaymentMethod, actor: Actor, *, new: bool, prefer: str = "auto") -> Payment:
    plan = _plan(payment, saved, actor, prefer)
    postings.prepare(payment)
    with moves.in_own_transaction():
        attempt = intent.record(plan, actor=actor, new=new)
        failpoints.hit("authorize.before_intent_commit")
    return moves.reread(payment) if attempt is None else run(attempt, actor=actor)


def _plan(payment: Payment, saved: PaymentMethod, actor: Actor, prefer: str) -> Plan:
    _check_fit(payment, saved)
    payment.payment_method = saved
    customer_id = ids.public_id(Customer.prefix, payment.customer_id)
    risk = rules.assess(actor=actor, money=payment.money, customer_id=customer_id, method=saved)
    route = policy.choose(actor=actor, money=payment.money, method=payment.method, saved=saved, prefer=prefer)
    return Plan(payment, risk, route)


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
