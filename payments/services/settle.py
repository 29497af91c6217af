"""Finding out: asking the provider what became of an attempt or a refund, and applying the answer."""

from payments.models import Attempt, Capture, Payment, Payout, Refund
from payments.providers.base import PaymentLookup, RefundLookup
from payments.providers.payouts import PayoutLookup
from payments.services import authorization, moves, outcomes, own_wallet
from payments.services.authorization import ABSENT_COUNTS_AFTER
from payments.services.capturing import apply_capture
from payments.services.connectors import connector_of, connector_of_attempt
from payments.services.outcomes import Outcome
from payments.services.paying_out import apply_payout
from payments.services.refunding import apply_refund
from payments.services.voiding import apply_void
from payments.states import IN_FLIGHT, AttemptState, TransferState
from rupai.core import clock, failpoints
from rupai.core.actor import Actor

_OPEN = frozenset({*IN_FLIGHT, AttemptState.UNKNOWN, AttemptState.AUTHENTICATION_PENDING})


def settle_payment(payment: Payment, *, actor: Actor) -> Payment:
    """Settle the payment's last attempt if its outcome is open, and read the payment again."""
    attempt = payment.tries.order_by("-number").first()
    if attempt is not None:
        settle_attempt(attempt, actor=actor)
    return moves.reread(payment)


def settle_attempt(attempt: Attempt, *, actor: Actor) -> Attempt | None:
    """Ask the provider about an attempt whose outcome is open, and apply what it says.

    An attempt that a crash left in flight becomes unknown by being asked about. Returns a following attempt at another
    provider, if the outcome was a decline after which one may be tried; the caller runs it.
    """
    attempt = Attempt.objects.select_related("payment__payment_method", "provider_account").get(pk=attempt.pk)
    if attempt.state not in _OPEN:
        return None
    failpoints.hit("settle.before_call")
    view = own_wallet.seen(attempt) or _ask(attempt)
    failpoints.hit("settle.after_call")
    with moves.in_own_transaction():
        following = _apply(attempt, view, actor)
        _schedule_next(attempt)
        failpoints.hit("settle.before_commit")
    failpoints.hit("settle.after_commit")
    return following


def _ask(attempt: Attempt) -> Outcome:
    lookup = PaymentLookup(reference=attempt.reference, provider_id=attempt.provider_id)
    return outcomes.of_view(connector_of_attempt(attempt).sync_payment(lookup))


def _apply(attempt: Attempt, view: Outcome, actor: Actor) -> Attempt | None:
    if attempt.operation == Attempt.Operation.AUTHORIZE:
        return authorization.apply(attempt, view, actor=actor)[1]
    if attempt.operation == Attempt.Operation.CAPTURE:
        _apply_to_capture(attempt, view, actor)
        return None
    void = view if view.kind in {"voided", "pending", "unknown"} else None
    if void is not None:
        apply_void(attempt, void, actor=actor)
    else:
        _void_did_not_happen(attempt, view, actor)
    return None


def _apply_to_capture(attempt: Attempt, view: Outcome, actor: Actor) -> None:
    """Read from the total captured at the provider whether the open capture took place."""
    capture = Capture.objects.select_related("payment", "attempt").filter(attempt=attempt, state="pending").first()
    if capture is None:
        return
    captured = view.amount if view.kind == "captured" else 0
    before = capture.payment.amount_captured
    if view.kind in {"pending", "unknown"}:
        apply_capture(capture, view, actor=actor)
    elif captured == before + capture.amount:
        apply_capture(capture, Outcome("captured", amount=capture.amount, exchange=view.exchange), actor=actor)
    elif clock.now() - capture.created_at >= ABSENT_COUNTS_AFTER:
        text = "The provider did not receive the capture"
        apply_capture(capture, Outcome("declined", code="downstream_technical_issue", message=text), actor=actor)


def _void_did_not_happen(attempt: Attempt, view: Outcome, actor: Actor) -> None:
    """Go back to what the provider still holds; the caller may cancel again."""
    payment, current = moves.lock_attempt(attempt)
    recent = clock.now() - current.updated_at < ABSENT_COUNTS_AFTER and current.next_sync_at is None
    if current.state not in {AttemptState.VOID_INITIATED, AttemptState.UNKNOWN} or recent:
        return
    current.operation = Attempt.Operation.AUTHORIZE
    current.next_sync_at = None
    held = {"authorized": AttemptState.AUTHORIZED, "action": AttemptState.AUTHENTICATION_PENDING}.get(view.kind)
    if held is not None:
        moves.move_attempt(current, payment, held, actor=actor)
        moves.save_payment(payment)
        return
    if current.state != AttemptState.UNKNOWN:
        moves.move_attempt(current, payment, AttemptState.UNKNOWN, actor=actor)
    moves.save_attempt(current)
    moves.save_payment(payment)
    authorization.apply(current, view, actor=actor)


def _schedule_next(attempt: Attempt) -> None:
    """Ask again later, in growing pauses, while the outcome stays open."""
    current = Attempt.objects.get(pk=attempt.pk)
    if current.state not in _OPEN:
        return
    current.syncs += 1
    current.next_sync_at = authorization.next_question(current.syncs, waiting=current.state)
    current.save(update_fields=["syncs", "next_sync_at"])


def settle_refund(refund: Refund, *, actor: Actor) -> Refund:
    """Ask the provider about a pending refund, and apply what it says.

    :returns: the refund as it is afterwards.
    """
    refund = Refund.objects.select_related("payment", "attempt__provider_account").get(pk=refund.pk)
    if refund.state != TransferState.PENDING:
        return refund
    connector = connector_of_attempt(refund.attempt)
    view = outcomes.of_change(connector.sync_refund(RefundLookup(reference=refund.public_id)), done="captured")
    if view.kind == "absent" and clock.now() - refund.created_at < ABSENT_COUNTS_AFTER:
        return refund
    with moves.in_own_transaction():
        settled = apply_refund(refund, view, actor=actor)
        if settled.state == TransferState.PENDING:
            settled.syncs += 1
            settled.next_sync_at = authorization.next_question(settled.syncs, waiting=AttemptState.UNKNOWN)
            settled.save(update_fields=["syncs", "next_sync_at"])
    return settled


def settle_payout(payout: Payout, *, actor: Actor) -> Payout:
    """Ask the provider about an open payout, and apply what it says.

    :returns: the payout as it is afterwards.
    """
    payout = Payout.objects.select_related("provider_account").get(pk=payout.pk)
    if not payout.is_open:
        return payout
    connector = connector_of(payout.provider_account)
    failpoints.hit("settle_payout.before_call")
    view = outcomes.of_change(connector.sync_payout(PayoutLookup(reference=payout.public_id)), done="captured")
    failpoints.hit("settle_payout.after_call")
    if view.kind == "absent" and clock.now() - payout.created_at < ABSENT_COUNTS_AFTER:
        return payout
    with moves.in_own_transaction():
        settled = apply_payout(payout, view, actor=actor)
        if settled.is_open:
            settled.syncs += 1
            settled.next_sync_at = authorization.next_question(settled.syncs, waiting=AttemptState.UNKNOWN)
            settled.save(update_fields=["syncs", "next_sync_at"])
        failpoints.hit("settle_payout.before_commit")
    failpoints.hit("settle_payout.after_commit")
    return settled
