"""Opening attempts and applying what became of them, each in a short transaction of its own."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import models

from payments.models import Attempt, Capture, Payment, ProviderAccount, RouteDecision
from payments.routing import policy
from payments.services import booking, moves, own_wallet, postings
from payments.services.outcomes import Outcome
from payments.states import AttemptState, PaymentState, TransferState
from rupai.core import clock, ids
from rupai.core.actor import Actor

AUTHORIZATION_LIVES = timedelta(days=7)
ACTION_LIVES = timedelta(minutes=30)
# A provider that has never heard of an attempt may still be about to: the request could be on its way.
ABSENT_COUNTS_AFTER = timedelta(seconds=30)
ASK_FIRST_AFTER = timedelta(minutes=5)
ASK_ACTION_AFTER = timedelta(minutes=1)
# After the first question: once more after an hour, then daily; a person is told when the list is used up.
ASK_AGAIN_AFTER = (timedelta(hours=1), *[timedelta(days=1)] * 5)

_WAITING = frozenset({AttemptState.STARTED, AttemptState.UNKNOWN, AttemptState.AUTHENTICATION_PENDING})
_ENDED = frozenset({AttemptState.DECLINED, AttemptState.EXPIRED, AttemptState.VOIDED})


def open_attempt(
    payment: Payment,
    *,
    account: ProviderAccount,
    route: policy.Route,
    capture: bool,
    challenge: bool,
    actor: Actor,
    beside: Iterable[models.Model] = (),
) -> Attempt:
    """Write the intent to try a provider and rows ``beside`` it.

    The caller holds the payment's lock and saves the payment.
    """
    now = clock.now()
    number = payment.attempts + 1
    attempt = Attempt(
        payment=payment,
        number=number,
        provider_account=account,
        provider=account.provider,
        amount=payment.amount,
        capture=capture,
        challenge=challenge,
        reference=f"{payment.public_id}_{number}",
        created_at=now,
        updated_at=now,
    )
    moves.begin_attempt(attempt, payment, actor=actor, beside=[_route_decision(attempt, route), *beside])
    return attempt


def _route_decision(attempt: Attempt, route: policy.Route) -> RouteDecision:
    return RouteDecision(
        payment=attempt.payment,
        attempt=attempt,
        policy=route.policy,
        chosen=attempt.provider,
        candidates=route.as_json(),
        propensity=route.propensity,
        reason=route.reason,
        seed=route.seed,
        created_at=attempt.created_at,
    )


def next_question(asked: int, *, waiting: str) -> datetime | None:
    """When to ask a provider again after it was asked ``asked`` times; None when it was asked often enough."""
    if waiting == AttemptState.AUTHENTICATION_PENDING:
        return clock.now() + ASK_ACTION_AFTER
    return clock.now() + ASK_AGAIN_AFTER[asked - 1] if asked <= len(ASK_AGAIN_AFTER) else None


def apply(attempt: Attempt, outcome: Outcome, *, actor: Actor) -> tuple[Payment, Attempt | None]:
    """Apply an authorisation's outcome in the running transaction.

    Returns the payment, and the next attempt to run when another provider is to be tried. An outcome that someone else
    has applied already changes nothing; a late success on an ended attempt is recorded and given back.
    """
    payment, current = moves.lock_attempt(attempt)
    late = current.state in _ENDED and outcome.kind in {"captured", "authorized"}
    if current.state not in _WAITING and not late:
        return payment, None
    outcome = own_wallet.decide(payment, current, outcome)
    _note(current, outcome)
    if outcome.kind in {"captured", "authorized"} and outcome.amount != current.amount:
        _conflict(payment, current, outcome, actor)
    elif late or (payment.is_terminal and outcome.kind == "captured"):
        _late_success(payment, current, outcome, actor)
    else:
        following = _APPLY[outcome.kind](payment, current, outcome, actor)
        return payment, following
    return payment, None


def _note(attempt: Attempt, outcome: Outcome) -> None:
    attempt.provider_id = outcome.provider_id or attempt.provider_id
    attempt.exchange = outcome.exchange or attempt.exchange
    attempt.milliseconds = outcome.milliseconds if outcome.milliseconds is not None else attempt.milliseconds
    attempt.next_sync_at = None


def _captured(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    booking.choose_place(payment)
    capture = _record_charge(payment, attempt, outcome.amount, actor)
    payment.next_action, payment.expires_at = None, None
    moves.move_payment(payment, PaymentState.CAPTURED, actor=actor)
    booking.book_capture(payment, capture, actor=actor, at=capture.created_at)


def _record_charge(payment: Payment, attempt: Attempt, amount: int, actor: Actor) -> Capture:
    """Write down money that was authorised and captured in one step; the caller posts it."""
    now = clock.now()
    capture = Capture(
        id=ids.new_key(now),
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        created_at=now,
        updated_at=now,
        payment=payment,
        attempt=attempt,
        amount=amount,
        fee=postings.fee_of(payment, amount),
        state=TransferState.SUCCEEDED,
        created_by=actor.id,
    )
    moves.move_attempt(attempt, payment, AttemptState.CHARGED, actor=actor, beside=[capture])
    payment.amount_authorized = payment.amount_captured = amount
    return capture


def _authorized(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    moves.move_attempt(attempt, payment, AttemptState.AUTHORIZED, actor=actor)
    payment.amount_authorized = outcome.amount
    payment.next_action = None
    payment.expires_at = clock.now() + AUTHORIZATION_LIVES
    moves.move_payment(payment, PaymentState.AUTHORIZED, actor=actor)
    booking.book_authorization(payment, attempt)


def _action(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    now = clock.now()
    attempt.next_sync_at = now + ASK_ACTION_AFTER
    if attempt.state == AttemptState.AUTHENTICATION_PENDING:
        moves.save_attempt(attempt)
        return
    moves.move_attempt(attempt, payment, AttemptState.AUTHENTICATION_PENDING, actor=actor)
    payment.next_action = outcome.action
    payment.expires_at = outcome.action_expires_at or now + ACTION_LIVES
    if payment.state != PaymentState.REQUIRES_ACTION:
        moves.move_payment(payment, PaymentState.REQUIRES_ACTION, actor=actor)


def _unknown(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    attempt.next_sync_at = clock.now() + ASK_FIRST_AFTER
    if attempt.state in {AttemptState.UNKNOWN, AttemptState.AUTHENTICATION_PENDING}:
        moves.save_attempt(attempt)
        return
    moves.move_attempt(attempt, payment, AttemptState.UNKNOWN, actor=actor)
    moves.save_payment(payment)


def _absent(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> Attempt | None:
    if clock.now() - attempt.created_at < ABSENT_COUNTS_AFTER:
        attempt.next_sync_at = clock.now() + ABSENT_COUNTS_AFTER
        moves.save_attempt(attempt)
        return None
    return _declined(payment, attempt, outcome, actor)


def _declined(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> Attempt | None:
    attempt.decline_code, attempt.decline_message = outcome.code, outcome.message[:255]
    attempt.provider_code = outcome.provider_code[:64]
    moves.move_attempt(attempt, payment, AttemptState.DECLINED, actor=actor)
    following = _next_provider(payment, attempt, actor) if outcome.failover else None
    if following is not None:
        moves.save_payment(payment)
        return following
    payment.failure_code, payment.failure_message = outcome.code, outcome.message[:255]
    payment.failure_retryable = outcome.retryable
    payment.next_action, payment.expires_at = None, None
    moves.move_payment(payment, PaymentState.FAILED, actor=actor)
    return None


def _next_provider(payment: Payment, attempt: Attempt, actor: Actor) -> Attempt | None:
    """Open an attempt at a provider that was not tried; None when there is none or enough were tried."""
    if payment.attempts >= policy.MOST_PROVIDERS:
        return None
    tried = list(payment.tries.values_list("provider_account_id", flat=True))
    owner = Actor.platform("router", merchant_id=payment.merchant_id, livemode=payment.livemode)
    try:
        route = policy.choose(
            actor=owner,
            money=payment.money,
            method=payment.method,
            saved=payment.payment_method,
            without=[key for key in tried if key],
        )
    except policy.NoRoute:
        return None
    return open_attempt(
        payment,
        account=route.accounts[0],
        route=route,
        capture=attempt.capture,
        challenge=attempt.challenge,
        actor=actor,
    )


def _voided(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    moves.move_attempt(attempt, payment, AttemptState.VOIDED, actor=actor)
    payment.next_action, payment.expires_at = None, None
    moves.move_payment(payment, PaymentState.CANCELLED, actor=actor)


def _conflict(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    """The provider answered another amount: nothing is booked until a person has looked."""
    attempt.decline_code = "integrity_failure"
    attempt.decline_message = f"Asked for {attempt.amount}, the provider answered {outcome.amount}"
    moves.move_attempt(attempt, payment, AttemptState.INTEGRITY_FAILURE, actor=actor)
    payment.failure_code, payment.failure_message = "amount_conflict", attempt.decline_message
    payment.next_action, payment.expires_at = None, None
    moves.move_payment(payment, PaymentState.CONFLICTED, actor=actor)


def _late_success(payment: Payment, attempt: Attempt, outcome: Outcome, actor: Actor) -> None:
    """Money arrived for a payment that had ended: record it; the janitor gives it back at once."""
    if outcome.kind == "authorized":
        # Nothing was taken; the authorisation lapses by itself and the payment stays as it ended.
        moves.save_attempt(attempt)
        return
    before = payment.status
    booking.choose_place(payment, late=True)
    capture = _record_charge(payment, attempt, outcome.amount, actor)
    moves.tell_payment(payment, "payment.captured_late", actor=actor, was=before)
    booking.book_capture(payment, capture, actor=actor, at=capture.created_at)


_Apply = Callable[[Payment, Attempt, Outcome, Actor], Attempt | None]
_APPLY: dict[str, _Apply] = {
    "captured": _captured,
    "authorized": _authorized,
    "action": _action,
    "pending": _unknown,
    "unknown": _unknown,
    "declined": _declined,
    "voided": _voided,
    "absent": _absent,
}
