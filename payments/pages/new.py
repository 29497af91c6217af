"""Taking a payment by hand: first whose it is, then how and how much."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from payments.forms import CustomerForm, NewPaymentForm
from payments.models import Payment, PaymentMethod
from payments.models.method import Method
from payments.pages import addresses
from payments.pages.addresses import BAD, GOOD, OPEN
from payments.sandbox.tokens import TOKENS
from payments.services import create, methods
from payments.states import PaymentState
from rupai.accounts import selectors
from rupai.accounts.models import Customer, Merchant
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from rupai.core.idempotency import Claim
from rupai.core.money import Money
from rupai.pages import once
from rupai.pages.names import spelled
from rupai.pages.once import Landing, said
from rupai.pages.place import actor_at, actor_of, place_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page

LATER = "later:"
# Refusals that speak of one field of the form stand beside it.
_FIELD_OF = {
    "no_provider": "method",
    "wrong_payment_method": "method",
    "unknown_token": "method",
    "unknown_currency": "currency",
    "invalid_amount": "amount",
}


@page("payments/new/", name="payment_new", scope="payments:write")
def new_payment(request: HttpRequest) -> HttpResponse:
    """Find the customer, then take the payment."""
    actor = actor_of(request)
    name = request.GET.get("customer", "").strip()
    if not name:
        return _find(request, CustomerForm())
    form = CustomerForm({"customer": name})
    customers = _customers(request, actor, name) if form.is_valid() else []
    if len(customers) == 1 and name == customers[0].public_id:
        return _form(request, customers[0])
    if len(customers) == 1:
        query = urlencode({"customer": customers[0].public_id})
        return HttpResponseRedirect(f"{reverse('admin:payment_new')}?{query}")
    if not customers and form.is_valid():
        form.add_error("customer", "No customer has exactly this e-mail address or id, here and in this mode.")
    return _find(request, form, customers)


def _find(request: HttpRequest, form: CustomerForm, customers: list[Customer] | None = None) -> HttpResponse:
    context = {"form": form, "customers": customers or []}
    return render_page(request, "payments/new_customer.html", context, title="New payment")


def _customers(request: HttpRequest, actor: Actor, name: str) -> list[Customer]:
    rows: QuerySet[Customer] = Customer.objects.visible_to(actor).filter(
        erased_at=None, livemode=place_of(request).livemode
    )
    if "@" in name:
        actor.require("customers:read")
        return list(selectors.customers_by_email(rows, name).order_by("-created_at")[:20])
    try:
        return [rows.named(name)]  # type: ignore[attr-defined]
    except DomainError:
        return []


def _form(request: HttpRequest, customer: Customer) -> HttpResponse:
    actor = actor_at(request, customer)
    merchant = Merchant.objects.get(pk=customer.merchant_id)
    form = NewPaymentForm(
        request.POST if request.method == "POST" else None,
        methods=_choices(actor, customer),
        initial={"currency": merchant.currency},
    )
    sent = once.submitted(request, form, lambda values: _take(request, actor, customer, values), show=_show)
    if sent.answer is not None:
        return sent.answer
    person = customer.person() if actor.may("customers:read") else {}
    context = {"form": form, "customer": customer, "person": person, "merchant": merchant, "key": sent.key}
    return render_page(request, "payments/new.html", context, title="New payment", status=sent.status)


def _show(form: forms.Form, refusal: DomainError) -> None:
    form.add_error(_FIELD_OF.get(refusal.code), said(refusal))
    for each in refusal.details.get("considered", []):
        form.add_error(_FIELD_OF.get(refusal.code), f"{each['name']}: {each['reason']}")


def _choices(actor: Actor, customer: Customer) -> list[Any]:
    """Saved methods of the customer, test tokens in test mode, and payments that wait for a method."""
    saved = PaymentMethod.objects.filter(customer=customer, detached_at=None).order_by("-created_at")[:100]
    groups: list[Any] = [("", "Choose…")]
    if saved:
        groups.append(("Saved", [(row.public_id, method_words(row)) for row in saved]))
    if not actor.livemode and actor.may("payment_methods:write"):
        known = sorted(TOKENS.values(), key=lambda token: token.note != "succeeds")
        groups.append(("Sandbox test tokens", [(token.name, f"{token.name}: {token.note}") for token in known]))
    later = [(f"{LATER}{method}", f"{spelled(method)}, given by the payer later") for method in Method]
    return [*groups, ("Without a method yet", later)]


def method_words(method: PaymentMethod) -> str:
    """A saved method as a choice: its type, brand, last digits and provider."""
    parts = [
        spelled(method.type),
        spelled(method.brand),
        f"•••• {method.last4}" if method.last4 else "",
        spelled(method.provider),
    ]
    return " · ".join(part for part in parts if part)


def _take(request: HttpRequest, actor: Actor, customer: Customer, values: dict[str, Any]) -> HttpResponse:
    def work(claim: Claim) -> Landing:
        return _landing(_create(actor, customer, values, claim))

    arguments = {"customer": customer.public_id, **values}
    return once.once(request, actor=actor, operation="payments.create", arguments=arguments, work=work)


def _create(actor: Actor, customer: Customer, values: dict[str, Any], claim: Claim) -> Payment:
    method, token = _method(actor, customer, values["method"])
    wish = create.Wish(
        money=Money(values["minor"], values["currency"]),
        method=method,
        customer_id=customer.public_id,
        payment_method_token=token,
        capture=values["capture"],
        description=values["description"],
        order_id=values["order_id"],
    )
    return create.create_payment(actor=actor, wish=wish, idempotency_id=claim.id, resumed=claim.resumed)


def _method(actor: Actor, customer: Customer, chosen: str) -> tuple[str, str | None]:
    """The type of the chosen method, and the id of the saved one; a test token is saved first."""
    if chosen.startswith(LATER):
        return chosen.removeprefix(LATER), None
    if chosen in TOKENS:
        saved = methods.save_method(
            actor=actor, customer_id=customer.public_id, type=TOKENS[chosen].method, token=chosen, provider="sandbox"
        )
    else:
        saved = PaymentMethod.objects.visible_to(actor).filter(customer=customer).named(chosen)
    return saved.type, saved.public_id


def _landing(payment: Payment) -> Landing:
    url = addresses.payment_url(payment)
    if payment.status == PaymentState.FAILED:
        return Landing(url, f"Declined: {payment.failure_message or payment.failure_code}", BAD)
    if payment.status in {PaymentState.CAPTURED, PaymentState.AUTHORIZED}:
        return Landing(url, f"{payment.money} {payment.status}.", GOOD)
    return Landing(url, f"The payment is {payment.status.replace('_', ' ')}.", OPEN)
