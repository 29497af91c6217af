"""One customer: who it is, how they pay, and what came of it in each currency."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse

from payments.models import Payment, PaymentMethod, Refund
from payments.states import PaymentState
from rupai.accounts.models import Customer, Merchant
from rupai.pages.once import found
from rupai.pages.place import actor_at, actor_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page

_NEWEST = 50


@dataclass(frozen=True, slots=True)
class Total:
    """All payments of a customer in one currency; amounts in minor units."""

    currency: str
    payments: int
    failed: int
    captured: int
    refunded: int

    @property
    def kept(self) -> int:
        return self.captured - self.refunded


@page("payments/customers/<str:customer_id>/", name="customer_detail", scope="customers:read")
def detail(request: HttpRequest, customer_id: str) -> HttpResponse:
    """Show a customer; what the role may not see of them is left out."""
    customer: Customer = found(request, customer_id, Customer.objects.visible_to(actor_of(request)))
    actor = actor_at(request, customer)
    may_pay, may_methods = actor.may("payments:read"), actor.may("payment_methods:read")
    payments = Payment.objects.filter(customer=customer).order_by("-created_at", "-pk")
    methods = PaymentMethod.objects.filter(customer=customer).order_by("-created_at")
    refunds = Refund.objects.filter(payment__customer=customer).order_by("-created_at", "-pk")
    context = {
        "customer": customer,
        "person": customer.person(),
        "merchant": Merchant.objects.get(pk=customer.merchant_id),
        "totals": totals_of(customer) if may_pay else [],
        "payments": payments[:_NEWEST] if may_pay else [],
        "methods": methods[:_NEWEST] if may_methods else [],
        "refunds": refunds[:_NEWEST] if actor.may("refunds:read") else [],
        "newest": _NEWEST,
        "may_take": actor.may("payments:write"),
    }
    title = customer.person().get("name") or customer.public_id
    return render_page(request, "payments/customer.html", context, title=title)


def totals_of(customer: Customer) -> list[Total]:
    """Add up a customer's payments by currency."""
    rows = (
        Payment.objects.filter(customer=customer)
        .values("currency")
        .annotate(
            payments=Count("pk"),
            failed=Count("pk", filter=Q(state=PaymentState.FAILED)),
            captured=Sum("amount_captured"),
            refunded=Sum("amount_refunded"),
        )
        .order_by("currency")
    )
    return [Total(**row) for row in rows]
