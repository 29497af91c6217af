"""Scheduled care of payments."""

from celery import shared_task

from payments.models import Payment
from payments.services import janitor
from payments.services.create import run
from payments.services.settle import settle_attempt, settle_refund
from rupai.core.actor import Actor
from rupai.core.queue import Task


@shared_task(name="payments.sweep", base=Task)
def sweep() -> dict[str, int]:
    """Settle what crashes and time-outs left open, and end what nobody finished."""
    return janitor.sweep()


@shared_task(name="payments.sync", base=Task)
def sync(*, payment_id: str) -> None:
    """Ask the provider about one open payment, because someone looked at it."""
    payment: Payment = Payment.objects.named(payment_id)
    actor = Actor.platform("janitor", merchant_id=payment.merchant_id, livemode=payment.livemode)
    attempt = payment.tries.order_by("-number").first()
    following = settle_attempt(attempt, actor=actor) if attempt is not None else None
    if following is not None:
        run(following, actor=actor)
    for refund in payment.refunds.filter(state="pending"):
        settle_refund(refund, actor=actor)
