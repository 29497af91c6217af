"""Columns and filters that several lists of payments have, and where their rows lead."""

from django.urls import reverse

from payments.models import Payment, Refund
from payments.pages.addresses import payment_url
from payments.providers import registry
from rupai.accounts.models import Customer
from rupai.core.currencies import CURRENCIES
from rupai.pages.lists.columns import Column, address, related_id, related_url, row_page
from rupai.pages.lists.filters import by_id, choice
from rupai.pages.names import spelled

row_page(Payment, payment_url)
row_page(Refund, lambda row: reverse("admin:refund_detail", args=[row.public_id]))
row_page(Customer, lambda row: reverse("admin:customer_detail", args=[row.public_id]))

PROVIDER = choice("provider", "Provider", lambda: [(name, spelled(name)) for name in registry.names()])
CURRENCY = choice("currency", "Currency", [(code, code) for code in CURRENCIES])
CUSTOMER = by_id("customer", "Customer", prefix=Customer.prefix, field="customer_id")
OF_PAYMENT = Column(
    name="payment",
    label="Payment",
    kind="id",
    value=related_id("payment", Payment),
    url=related_url("payment", Payment),
    card="secondary",
)


def own_id(kind: str) -> Column:
    return Column(name="public_id", label=kind, kind="id", url=address, card="secondary")
