"""Acts on one payment, each with a page that says what will happen before it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect

from payments.forms import ActForm, AmountForm, RefundForm
from payments.models import Capture, Payment, Refund
from payments.pages import addresses
from payments.pages.addresses import BAD, GOOD, OPEN
from payments.pages.detail import may_cancel
from payments.services import cancel, capture, refund
from payments.services.asking import ask_about_payment
from payments.states import PaymentState, TransferState
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.idempotency import Claim
from rupai.core.money import Money
from rupai.pages import once
from rupai.pages.once import Landing, said
from rupai.pages.registry import page
from rupai.pages.rendering import render_page

Values = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act: its words, its form, and the one service that does it."""

    name: str
    title: str
    button: str
    lead: str
    danger: bool
    form: type[ActForm]
    most: Callable[[Payment], int]
    possible: Callable[[Payment], bool]
    impossible: str
    do: Callable[[Actor, Payment, Values, Claim], tuple[int, str]]


@page("payments/<payment_id:payment_id>/capture/", name="payment_capture", scope="payments:write")
def capture_page(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Take authorised money, all or a part."""
    return _page(request, payment_id, _CAPTURE)


@page("payments/<payment_id:payment_id>/cancel/", name="payment_cancel", scope="payments:write")
def cancel_page(request: HttpRequest, payment_id: str) -> HttpResponse:
    """End a payment of which nothing was taken."""
    return _page(request, payment_id, _CANCEL)


@page("payments/<payment_id:payment_id>/refund/", name="payment_refund", scope="refunds:write")
def refund_page(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Give captured money back, all or a part."""
    return _page(request, payment_id, _REFUND)


@page("payments/<payment_id:payment_id>/settle/", name="payment_settle", scope="payments:write")
def settle_page(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Ask the provider now what became of the payment and its refunds; asking twice changes nothing."""
    payment, actor = addresses.payment_here(request, payment_id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    before = payment.status
    try:
        payment = ask_about_payment(payment, actor=actor)
    except DomainError as refusal:
        messages.error(request, said(refusal))
    else:
        news = "nothing new" if payment.status == before else f"the payment is {payment.status.replace('_', ' ')} now"
        messages.info(request, f"The provider was asked: {news}.")
    return HttpResponseRedirect(addresses.payment_url(payment))


def _page(request: HttpRequest, payment_id: str, act: Act) -> HttpResponse:
    payment, actor = addresses.payment_here(request, payment_id)
    most = Money(max(act.most(payment), 0), payment.currency)
    form = act.form(request.POST if request.method == "POST" else None, money=most)
    sent = once.submitted(request, form, lambda values: _done(request, payment, actor, act, values))
    if sent.answer is not None:
        return sent.answer
    context = {"payment": payment, "act": act, "form": form, "key": sent.key, "possible": act.possible(payment)}
    return render_page(request, "payments/act.html", context, title=act.title, status=sent.status)


def _done(request: HttpRequest, payment: Payment, actor: Actor, act: Act, values: Values) -> HttpResponse:
    def work(claim: Claim) -> Landing:
        level, message = act.do(actor, payment, values, claim)
        return Landing(addresses.payment_url(payment), message, level)

    arguments = {"payment": payment.public_id, **values}
    return once.once(request, actor=actor, operation=f"payments.{act.name}", arguments=arguments, work=work)


def _capture(actor: Actor, payment: Payment, values: Values, claim: Claim) -> tuple[int, str]:
    taken: Capture = capture.capture_payment(
        actor=actor,
        payment_id=payment.public_id,
        amount=values["amount"],
        idempotency_id=claim.id,
        resumed=claim.resumed,
    )
    amount = Money(taken.amount, payment.currency)
    if taken.state == TransferState.FAILED:
        return BAD, f"The provider refused to capture {amount}: {taken.attempt.decline_message or 'without a reason'}"
    if taken.state == TransferState.PENDING:
        return OPEN, f"The capture of {amount} has no answer yet. The provider will be asked until it has."
    return GOOD, f"Captured {amount}."


def _cancel(actor: Actor, payment: Payment, values: Values, claim: Claim) -> tuple[int, str]:
    ended = cancel.cancel_payment(actor=actor, payment_id=payment.public_id, resumed=claim.resumed)
    if ended.state == PaymentState.CANCELLED:
        return GOOD, "Cancelled. What was held is released."
    return OPEN, f"The payment is {ended.status.replace('_', ' ')}: the provider has not confirmed the end yet."


def _refund(actor: Actor, payment: Payment, values: Values, claim: Claim) -> tuple[int, str]:
    given: Refund = refund.refund_payment(
        actor=actor,
        payment_id=payment.public_id,
        amount=values["amount"],
        reason=values["reason"],
        note=values["note"],
        idempotency_id=claim.id,
        resumed=claim.resumed,
    )
    amount = Money(given.amount, given.currency)
    if given.state == TransferState.FAILED:
        return BAD, f"The provider refused to refund {amount}: {given.failure_message or given.failure_code}"
    if given.state == TransferState.PENDING:
        return OPEN, f"The refund of {amount} has no answer yet. The provider will be asked until it has."
    return GOOD, f"Refunded {amount}."


_CAPTURE = Act(
    name="capture",
    title="Capture payment",
    button="Capture",
    lead="The money is taken from the payer and booked to the merchant.",
    danger=False,
    form=AmountForm,
    most=lambda payment: payment.capturable,
    possible=lambda payment: payment.capturable > 0,
    impossible="Nothing is authorised that could be captured.",
    do=_capture,
)
_CANCEL = Act(
    name="cancel",
    title="Cancel payment",
    button="Cancel the payment",
    lead="The payment ends, and what is held on the payer's side is released. This cannot be undone.",
    danger=True,
    form=ActForm,
    most=lambda payment: payment.amount,
    possible=may_cancel,
    impossible="A payment can be cancelled only while nothing of it was taken and nothing is under way.",
    do=_cancel,
)
_REFUND = Act(
    name="refund",
    title="Refund payment",
    button="Refund",
    lead="The money goes back to the payer and is taken from the merchant's balance. This cannot be undone.",
    danger=True,
    form=RefundForm,
    most=lambda payment: payment.refundable,
    possible=lambda payment: payment.refundable > 0,
    impossible="Nothing is captured that could be given back.",
    do=_refund,
)
