"""The list of payments."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from payments import selectors
from payments.admin.shared import CURRENCY, CUSTOMER, PROVIDER
from payments.models import Payment, PaymentMethod, RiskDecision
from payments.models.method import Method
from payments.pages.bulk import refund_selected
from payments.states import PaymentState
from rupai.accounts.models import Customer
from rupai.accounts.selectors import customers_by_email
from rupai.core import ids
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import CUSTOMERS, Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, exact, minor
from rupai.pages.names import spelled
from rupai.pages.place import actor_of, place_of
from rupai.pages.registry import MenuItem, menu

LIST = "payments_payment_changelist"
menu(MenuItem(title="Payments", icon="credit-card", url_name=LIST, order=10, scope="payments:read", letter="p"))


@admin.register(Payment)
class PaymentAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    in_search = True
    list_select_related = ("customer",)
    columns = (
        Column(name="amount", label="Amount", kind="money", card="primary"),
        Column(name="status", label="Status", kind="status", card="primary"),
        Column(name="public_id", label="Payment", kind="id", url=address, detail="order_id", card="secondary"),
        Column(name="method", label="Method", value=lambda row: spelled(row.method)),
        Column(name="provider", label="Provider", value=lambda row: spelled(row.provider)),
        Column(name="customer", label="Customer", kind="customer"),
        Column(name="risk", label="Risk", kind="risk"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    live_topic = "payments"
    filters = (
        choice(
            "status",
            "Status",
            [(value, value) for value in [*PaymentState.values, "partially_refunded", "refunded"]],
            narrow=selectors.with_status,
        ),
        choice("method", "Method", [(value, spelled(value)) for value in Method.values]),
        PROVIDER,
        CURRENCY,
        exact("order_id", "Order"),
        exact("failure", "Failure", field="failure_code"),
        CUSTOMER,
        minor("min_amount", "At least (minor units)", lookup="amount__gte"),
        minor("max_amount", "At most (minor units)", lookup="amount__lte"),
    )
    search_hint = "Id, e-mail, last 4, order or reference"
    empty_hint = "Create one here, or send the first one with an API key."
    actions = ("refund",)

    def search_rows(self, rows: QuerySet[Any], term: str, request: HttpRequest) -> QuerySet[Any]:
        for prefix, field in ((Payment.prefix, "pk"), (Customer.prefix, "customer_id")):
            try:
                return rows.filter(**{field: ids.parse(prefix, term)})
            except ids.InvalidId:
                continue
        if "@" in term:
            if not actor_of(request).may(CUSTOMERS):
                return rows.none()
            theirs = customers_by_email(
                self.of_place(Customer.objects.visible_to(actor_of(request)), place_of(request)), term
            )
            return rows.filter(customer_id__in=theirs.values("pk"))
        found = Q(order_id=term) | Q(provider_reference=term)
        if len(term) == 4 and term.isascii() and term.isdigit():
            methods = self.of_place(PaymentMethod.objects.filter(last4=term), place_of(request))
            found |= Q(payment_method_id__in=methods.values("pk"))
        return rows.filter(found)

    def decorate(self, rows: list[Any]) -> list[Any]:
        scores: dict[Any, float] = {}
        decisions = RiskDecision.objects.filter(payment__in=[row.pk for row in rows]).order_by("created_at", "pk")
        for payment, score in decisions.values_list("payment_id", "score"):
            scores[payment] = score
        for row in rows:
            row.risk = scores.get(row.pk)
        return rows

    def links(self, request: HttpRequest) -> list[dict[str, str]]:
        if not actor_of(request).may("payments:write"):
            return []
        return [{"label": "Create payment", "url": reverse("admin:payment_new"), "icon": "plus"}]

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if actor_of(request).may("refunds:write") else {}

    @admin.action(description="Refund…")
    def refund(self, request: HttpRequest, rows: QuerySet[Payment]) -> HttpResponseBase:
        return refund_selected(request, rows.order_by("-created_at", "-pk"))
