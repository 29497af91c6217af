"""Scheduled care of payments."""

from celery import shared_task

from payments.models import Payment
from payments.services import janitor
from payments.services.asking import ask_about_payment
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
    ask_about_payment(payment, actor=actor)
