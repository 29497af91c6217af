"""Taking authorised money: all of it, a part, or several parts."""

from uuid import UUID

from payments.models import Attempt, Capture, Payment
from payments.providers.base import CaptureRequest
from payments.services import mandated, moves, outcomes, own_wallet, postings
from payments.services.capturing import apply_capture
from payments.services.connectors import connector_of_attempt
from payments.services.outcomes import Outcome
from payments.services.preview import Preview
from payments.services.settle import settle_attempt
from payments.states import AttemptState
from rupai.core import clock, failpoints, ids, statements
from rupai.core.actor import Actor
from rupai.core.dry_run import rehearsal, unbound
from rupai.core.errors import DomainError, WrongState
from rupai.core.money import Money

_CAPTURABLE = frozenset({AttemptState.AUTHORIZED, AttemptState.PARTIALLY_CHARGED})


class CaptureInParts(DomainError):
    """The money goes into a wallet, or comes out of one, at once."""

    code, status = "capture_in_parts", 422
    hint = "Capture all of it: leave out the amount."


class CaptureTooLarge(DomainError):
    code, status = "capture_too_large", 422
    hint = "Capture at most amount_capturable."


def capture_payment(
    *,
    actor: Actor,
    payment_id: str,
    amount: int | None = None,
    idempotency_id: UUID | None = None,
    resumed: bool = False,
) -> Capture:
    """Capture ``amount`` minor units of an authorised payment, or all that is left.

    The capture is succeeded, failed (the provider refused) or pending (outcome not known yet).

    :raises WrongState: when nothing is authorised, or another capture or cancellation is under way.
    :raises CaptureTooLarge: when the amount is more than what is left.
    :raises CaptureInParts: when it is less, and the money goes into a wallet, or comes out of one.
    :raises MandateRefused: when an agent captures somebody else's payment and has no mandate for it.
    """
    actor.require("payments:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    if resumed:
        begun = Capture.objects.visible_to(actor).filter(idempotency_id=idempotency_id).first()
        if begun is not None:
            settle_attempt(begun.attempt, actor=actor)
            found: Capture = Capture.objects.select_related("payment").get(pk=begun.pk)
            return found
    postings.prepare(payment)
    with moves.in_own_transaction():
        capture = _claim(payment, amount, idempotency_id, actor)
    failpoints.hit("capture.before_call")
    outcome = _call(capture)
    failpoints.hit("capture.after_call")
    with moves.in_own_transaction():
        capture = apply_capture(capture, outcome, actor=actor)
        failpoints.hit("capture.before_commit")
    failpoints.hit("capture.after_commit")
    return capture


def preview_capture(*, actor: Actor, payment_id: str, amount: int | None = None) -> Preview:
    """Run all checks of ``capture_payment``; nothing is written, and no provider is asked.

    :raises: what ``capture_payment`` raises, but a mandate's refusal, which the preview tells.
    """
    actor.require("payments:write")
    payment = statements.named(Payment, payment_id, actor=actor)
    with rehearsal():
        capture = _claim(payment, amount, None, unbound(actor))
    return Preview(
        money=Money(capture.amount, payment.currency),
        payment=payment,
        verdict=mandated.verdict_of_capture(capture, payment, actor=actor),
        capturable_after=payment.capturable - capture.amount,
    )


def _claim(payment: Payment, amount: int | None, idempotency_id: UUID | None, actor: Actor) -> Capture:
    """Claim the attempt in the running transaction, so that a capture and a cancellation never are both under way."""
    now = clock.now()
    payment = moves.lock_payment(payment)
    attempt = _capturable_attempt(payment)
    wanted = payment.capturable if amount is None else amount
    if wanted > payment.capturable:
        left = Money(payment.capturable, payment.currency)
        raise CaptureTooLarge(f"Only {left} is left to capture", payment=payment.public_id, capturable=left.minor)
    if wanted < payment.capturable and (payment.wallet_id is not None or own_wallet.pays(attempt)):
        what = "top-up" if payment.wallet_id is not None else "payment from a wallet"
        raise CaptureInParts(f"A {what} is captured as a whole", payment=payment.public_id)
    attempt.operation = Attempt.Operation.CAPTURE
    capture = Capture(
        id=ids.new_key(now),
        merchant_id=payment.merchant_id,
        livemode=payment.livemode,
        created_at=now,
        updated_at=now,
        payment=payment,
        attempt=attempt,
        amount=wanted,
        idempotency_id=idempotency_id,
        created_by=actor.id,
    )
    if mandated.counts(payment, actor=actor):
        mandated.reserve(mandated.of_capture(capture, payment), actor=actor)
    moves.move_attempt(attempt, payment, AttemptState.CAPTURE_INITIATED, actor=actor, beside=[capture])
    moves.save_payment(payment)
    return capture


def _capturable_attempt(payment: Payment) -> Attempt:
    attempt = payment.tries.order_by("-number").first()
    if attempt is None or attempt.state not in _CAPTURABLE or payment.capturable <= 0:
        raise WrongState(
            f"This payment is {payment.status} and cannot be captured now",
            hint="Only an authorized payment can be captured, by one call at a time.",
            payment=payment.public_id,
            payment_status=payment.status,
        )
    return attempt


def _call(capture: Capture) -> Outcome:
    attempt = capture.attempt
    request = CaptureRequest(
        provider_id=attempt.provider_id,
        reference=capture.public_id,
        idempotency_key=attempt.key_for(f"capture:{capture.public_id}"),
        amount=Money(capture.amount, capture.payment.currency),
    )
    return outcomes.of_change(connector_of_attempt(attempt).capture(request), done="captured")
