"""One payment: its amount, its facts, what can be done, and everything that happened to it."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from payments import timeline
from payments.models import Payment
from payments.pages import addresses
from payments.services import janitor
from payments.states import LIVE_ATTEMPT, AttemptState, PaymentState, TransferState
from rupai.accounts.models import Customer, Merchant
from rupai.core import queue
from rupai.core.actor import Actor
from rupai.pages.registry import page
from rupai.pages.rendering import render_page, wants_fragment

_CANCELLABLE = {AttemptState.AUTHORIZED, AttemptState.AUTHENTICATION_PENDING}


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the page."""

    title: str
    icon: str
    url: str
    kind: str = ""
    posts: bool = False


@page("payments/<payment_id:payment_id>/", name="payment_detail", scope="payments:read")
def detail(request: HttpRequest, payment_id: str) -> HttpResponse:
    """Show a payment; to HTMX only the part that changes."""
    payment, actor = addresses.payment_here(request, payment_id)
    if janitor.ask_soon(payment):
        queue.enqueue("payments.sync", payment_id=payment.public_id)
    return render_page(
        request,
        "payments/detail.html",
        _context(payment, actor, whole=not wants_fragment(request)),
        title=f"{payment.money} {payment.public_id}",
        fragment="payments/_detail.html",
    )


def _context(payment: Payment, actor: Actor, *, whole: bool) -> dict[str, Any]:
    story = timeline.story_of(payment)
    customer = Customer.objects.get(pk=payment.customer_id)
    known = customer.person() if actor.may("customers:read") else {}
    pending = any(refund.state == TransferState.PENDING for refund in story.refunds)
    return {
        "payment": payment,
        "merchant": Merchant.objects.get(pk=payment.merchant_id),
        "customer": customer,
        "email": known.get("email", ""),
        "payer": known.get("name") or known.get("email") or customer.public_id,
        "method": payment.payment_method,
        "account": next((each.provider_account for each in reversed(story.attempts) if each.provider_account), None),
        "story": story,
        "steps": [{"step": step, "seal": timeline.seal_of(step.event)} for step in story.steps],
        "exchanges": [
            {"attempt": each, "text": json.dumps(each.exchange, indent=2, ensure_ascii=False)}
            for each in story.attempts
            if each.exchange
        ],
        "actions": actions_of(payment, actor, pending_refund=pending) if whole else [],
        "open": is_open(payment, pending_refund=pending),
    }


def is_open(payment: Payment, *, pending_refund: bool) -> bool:
    """Whether a provider may still change something about a payment by itself."""
    return pending_refund or payment.status in {PaymentState.PROCESSING, PaymentState.REQUIRES_ACTION}


def actions_of(payment: Payment, actor: Actor, *, pending_refund: bool) -> list[Action]:
    """What this person can do with this payment now; nothing else is offered."""
    name = payment.public_id
    found: list[Action] = []
    if actor.may("payments:write"):
        if is_open(payment, pending_refund=pending_refund):
            found.append(Action("Ask the provider", "refresh-cw", _address("settle", name), posts=True))
        if may_cancel(payment):
            found.append(Action("Cancel", "x", _address("cancel", name)))
        if payment.capturable > 0 and payment.attempt_state in {
            AttemptState.AUTHORIZED,
            AttemptState.PARTIALLY_CHARGED,
        }:
            found.append(Action("Capture", "check", _address("capture", name), "primary"))
    if actor.may("refunds:write") and payment.refundable > 0:
        found.append(Action("Refund", "undo-2", _address("refund", name), "primary"))
    return found


def may_cancel(payment: Payment) -> bool:
    """Whether a cancellation has a chance: nothing was taken, and nothing is under way."""
    if payment.state == PaymentState.REQUIRES_PAYMENT_METHOD:
        return True
    live = payment.attempt_state in LIVE_ATTEMPT and payment.attempt_state in _CANCELLABLE
    return live and not payment.amount_captured


def _address(act: str, name: str) -> str:
    return reverse(f"admin:payment_{act}", args=[name])
