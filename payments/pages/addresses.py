"""Where the pages of payments are."""

from django.contrib import messages
from django.http import HttpRequest
from django.urls import register_converter, reverse
from django.urls.converters import StringConverter

from payments.models import Payment
from payments.selectors import payments_of
from rupai.core.actor import Actor
from rupai.core.ids import LENGTH
from rupai.pages.once import found
from rupai.pages.place import actor_at, actor_of

# What became of an act, as messages tell it.
GOOD, BAD, OPEN = messages.SUCCESS, messages.ERROR, messages.WARNING


class PaymentId(StringConverter):
    """A payment's public id in an address: the stock lists lie at the same depth and must not be taken for one."""

    regex = f"{Payment.prefix}_[0-9A-Za-z]{{{LENGTH}}}"


register_converter(PaymentId, "payment_id")


def payment_url(payment: Payment | str) -> str:
    """The address of a payment's page."""
    name = payment if isinstance(payment, str) else payment.public_id
    return reverse("admin:payment_detail", args=[name])


def payment_here(request: HttpRequest, payment_id: str) -> tuple[Payment, Actor]:
    """A payment that the person may see at this place, and the person as the actor at its merchant and mode."""
    payment: Payment = found(request, payment_id, payments_of(actor_of(request)))
    return payment, actor_at(request, payment)
