"""The janitor: it ends what crashes and time-outs left open, and what nobody finished in time."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db.models import Q

from payments.models import Attempt, DemoWorld, Payment, Payout, Refund
from payments.services import moves
from payments.services.asking import ask_about_attempt
from payments.services.cancel import end_payment
from payments.services.refund import send_refund
from payments.services.refunding import reserve_refund
from payments.services.settle import settle_attempt, settle_payout, settle_refund
from payments.states import IN_FLIGHT, TERMINAL, PaymentState
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError

Thing = TypeVar("Thing")
log = structlog.get_logger(__name__)

# A request is over long before this: what is still in flight was left by a crash.
LOST_AFTER = timedelta(seconds=60)
# A reader who polls may cause one question this often.
ASK_ON_READ_EVERY = timedelta(seconds=30)


def sweep(*, limit: int = 200) -> dict[str, int]:
    """Settle everything whose time has come; each in transactions of its own, so one failure holds up no other."""
    now = clock.now()
    # A past that is being made is behind its time without being lost; whoever makes it settles it.
    unmade = list(DemoWorld.objects.filter(finished_at=None).values_list("merchant_id", flat=True))
    attempts = Attempt.objects.exclude(payment__merchant_id__in=unmade)
    payments = Payment.objects.exclude(merchant_id__in=unmade)
    lost = attempts.filter(state__in=IN_FLIGHT, updated_at__lte=now - LOST_AFTER)
    due = attempts.filter(next_sync_at__lte=now)
    refunds = Refund.objects.exclude(merchant_id__in=unmade).filter(next_sync_at__lte=now)
    payouts = Payout.objects.exclude(merchant_id__in=unmade).filter(next_sync_at__lte=now)
    stray = payments.filter(stray=True, amount_refunded=0, amount_refund_pending=0)
    late = payments.filter(
        state__in=sorted(TERMINAL - {PaymentState.CAPTURED}),
        amount_captured__gt=0,
        amount_refunded=0,
        amount_refund_pending=0,
    )
    expired = payments.filter(
        expires_at__lte=now,
        state__in=[PaymentState.REQUIRES_PAYMENT_METHOD, PaymentState.REQUIRES_ACTION, PaymentState.AUTHORIZED],
    )
    return {
        "attempts": _each([*lost.order_by("updated_at")[:limit], *due.order_by("next_sync_at")[:limit]], _attempt),
        "refunds": _each(list(refunds.order_by("next_sync_at")[:limit]), _refund),
        "payouts": _each(list(payouts.order_by("next_sync_at")[:limit]), _payout),
        "late": _each([*late[:limit], *stray.order_by("created_at")[:limit]], give_back_late),
        "expired": _each(list(expired.order_by("expires_at")[:limit]), _expire),
    }


def _each(things: Sequence[Thing], work: Callable[[Thing], None]) -> int:
    done = 0
    for thing in things:
        try:
            work(thing)
            done += 1
        except DomainError as refusal:
            log.info("left for the next sweep", thing=str(thing), reason=refusal.message)
        except Exception:
            log.exception("could not be settled", thing=str(thing))
    return done


def _janitor(about: Payment | Payout) -> Actor:
    return Actor.platform("janitor", merchant_id=about.merchant_id, livemode=about.livemode)


def _attempt(attempt: Attempt) -> None:
    ask_about_attempt(attempt, actor=_janitor(attempt.payment))


def _refund(refund: Refund) -> None:
    settle_refund(refund, actor=_janitor(refund.payment))


def _payout(payout: Payout) -> None:
    settle_payout(payout, actor=_janitor(payout))


def _expire(payment: Payment) -> None:
    """End what nobody finished; the payer may have finished it without our knowing, so the provider is asked first."""
    actor = _janitor(payment)
    attempt = payment.tries.order_by("-number").first()
    if attempt is not None:
        settle_attempt(attempt, actor=actor)
    current = moves.reread(payment)
    if current.expires_at is not None and current.expires_at <= clock.now():
        end_payment(current, PaymentState.EXPIRED, actor=actor)


def give_back_late(payment: Payment) -> None:
    """Refund money that arrived for a payment which had ended without it, or for a wallet that was closed."""
    actor = _janitor(payment)
    with moves.in_own_transaction():
        locked = moves.lock_payment(payment)
        if locked.refundable <= 0:
            return
        note = "The provider reported success after the payment had ended"
        if not locked.is_terminal or locked.state == PaymentState.CAPTURED:
            note = "The wallet was closed before the money came"
        refund = reserve_refund(
            locked, amount=None, reason=Refund.Reason.LATE_SUCCESS, note=note, idempotency_id=None, actor=actor
        )
    send_refund(refund, actor=actor)


def ask_soon(payment: Payment) -> bool:
    """Tell whether a reader's look at an open payment should cause a question, and note that it does."""
    if payment.status not in {PaymentState.PROCESSING, PaymentState.REQUIRES_ACTION}:
        return False
    if DemoWorld.objects.filter(merchant_id=payment.merchant_id, finished_at=None).exists():
        return False
    now = clock.now()
    unasked = Q(asked_at__isnull=True) | Q(asked_at__lte=now - ASK_ON_READ_EVERY)
    return bool(Payment.objects.filter(unasked, pk=payment.pk).update(asked_at=now))
