"""Reading payments: lists, filters and the story of one payment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import django_filters
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum

from payments.models import DemoWorld, Payment, PaymentMethod, Payout, Refund, TopUp
from payments.models.method import Method
from payments.states import OPEN_PAYOUT, AttemptState, PaymentState, TransferState
from rupai.accounts.models import Customer
from rupai.api.filters import CreatedFilter, CurrencyFilter, MinorUnitsFilter
from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.models import Event
from rupai.core.rows import RowQuerySet
from wallets.models import Wallet
from wallets.selectors.ledger import balance_of

_UNKNOWN = Q(attempt_state=AttemptState.UNKNOWN)


def payments_of(actor: Actor) -> RowQuerySet[Payment]:
    actor.require("payments:read")
    rows: RowQuerySet[Payment] = Payment.objects.visible_to(actor)
    return rows


def refunds_of(actor: Actor) -> RowQuerySet[Refund]:
    actor.require("refunds:read")
    rows: RowQuerySet[Refund] = Refund.objects.visible_to(actor)
    return rows


def payouts_of(actor: Actor) -> RowQuerySet[Payout]:
    actor.require("wallets:read")
    rows: RowQuerySet[Payout] = Payout.objects.visible_to(actor)
    return rows


def methods_of(actor: Actor) -> RowQuerySet[PaymentMethod]:
    actor.require("payment_methods:read")
    rows: RowQuerySet[PaymentMethod] = PaymentMethod.objects.visible_to(actor)
    return rows


@dataclass(frozen=True, slots=True)
class DemoProgress:
    """How many payments of the demo world are there, of how many, since when it is made, and when it was finished."""

    done: int
    total: int
    since: datetime
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        return self.finished_at is not None


def demo_progress() -> DemoProgress | None:
    """How far the demo world is; None when there is none."""
    found = DemoWorld.objects.aggregate(
        done=Sum("made"),
        total=Sum("payments"),
        since=Min("began_at"),
        ended=Max("finished_at"),
        open=Count("pk", filter=Q(finished_at=None)),
    )
    if not found["total"]:
        return None
    return DemoProgress(found["done"], found["total"], found["since"], None if found["open"] else found["ended"])


def story_of(payment: Payment) -> dict[str, Any]:
    """Why a payment was scored and routed as it was, and what happened when, oldest first."""
    story: dict[str, Any] = {}
    risk = payment.risk_decisions.order_by("-created_at").first()
    route = payment.route_decisions.order_by("-created_at").first()
    if risk is not None:
        story["risk"] = risk.public()
    if route is not None:
        story["route"] = route.public()
    subjects = [payment.public_id, *(refund.public_id for refund in payment.refunds.all())]
    events = Event.objects.filter(subject_id__in=subjects, merchant_id=payment.merchant_id).order_by("inserted")
    story["timeline"] = [
        {"at": event.created_at.isoformat(), "event": event.type, "actor": event.actor} for event in events[:200]
    ]
    return story


def story_of_top_up(top_up: TopUp) -> dict[str, Any]:
    """What the wallet of a top-up can spend now, and how risky the payment looked."""
    wallet = top_up.payment.wallet
    assert wallet is not None
    story: dict[str, Any] = {"balance_after": balance_of(wallet.account_id).available}
    risk = top_up.payment.risk_decisions.order_by("-created_at").first()
    return {**story, "risk": risk.public()} if risk is not None else story


def with_status(rows: QuerySet[Payment], status: str) -> QuerySet[Payment]:
    """Payments whose status on the wire is this one; some are computed from amounts and attempts."""
    captured = Q(state=PaymentState.CAPTURED)
    if status == "refunded":
        return rows.filter(captured, amount_refunded__gt=0, amount_refunded=F("amount_captured"))
    if status == "partially_refunded":
        return rows.filter(captured, amount_refunded__gt=0, amount_refunded__lt=F("amount_captured"))
    if status == PaymentState.CAPTURED:
        return rows.filter(captured, amount_refunded=0)
    open_states = [PaymentState.REQUIRES_ACTION, PaymentState.AUTHORIZED, PaymentState.PARTIALLY_CAPTURED]
    if status == PaymentState.PROCESSING:
        return rows.filter(Q(state=PaymentState.PROCESSING) | (_UNKNOWN & Q(state__in=open_states)))
    if status in open_states:
        return rows.filter(state=status).exclude(_UNKNOWN)
    return rows.filter(state=status)


def _key(prefix: str, text: str) -> Any:
    try:
        return ids.parse(prefix, text)
    except ids.InvalidId:
        return None


def _by_key(field: str, prefix: str) -> Any:
    def narrow(self: Any, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        key = _key(prefix, value)
        return queryset.filter(**{field: key}) if key is not None else queryset.none()

    return narrow


_STATUS_CHOICES = [(value, value) for value in [*PaymentState.values, "partially_refunded", "refunded"]]


class PaymentFilter(CreatedFilter):
    """Filters of the list of payments."""

    status = django_filters.ChoiceFilter(choices=_STATUS_CHOICES, method="filter_status")
    method = django_filters.ChoiceFilter(choices=Method.choices)
    provider = django_filters.CharFilter(max_length=32)
    currency = CurrencyFilter()
    order_id = django_filters.CharFilter(max_length=64)
    customer_id = django_filters.CharFilter(method="filter_customer", max_length=64)
    min_amount = MinorUnitsFilter(field_name="amount", lookup_expr="gte")
    max_amount = MinorUnitsFilter(field_name="amount", lookup_expr="lte")

    def filter_status(self, queryset: QuerySet[Payment], name: str, value: str) -> QuerySet[Payment]:
        return with_status(queryset, value)

    filter_customer = _by_key("customer_id", Customer.prefix)


class RefundFilter(CreatedFilter):
    status = django_filters.ChoiceFilter(field_name="state", choices=TransferState.choices)
    payment_id = django_filters.CharFilter(method="filter_payment", max_length=64)

    filter_payment = _by_key("payment_id", Payment.prefix)


class PaymentMethodFilter(CreatedFilter):
    customer_id = django_filters.CharFilter(method="filter_customer", max_length=64)
    type = django_filters.ChoiceFilter(choices=Method.choices)

    filter_customer = _by_key("customer_id", Customer.prefix)


class PayoutFilter(CreatedFilter):
    status = django_filters.ChoiceFilter(
        choices=[(value, value) for value in ("processing", "paid", "failed")], method="filter_status"
    )
    currency = CurrencyFilter()
    wallet_id = django_filters.CharFilter(method="filter_wallet", max_length=64)
    customer_id = django_filters.CharFilter(method="filter_customer", max_length=64)

    def filter_status(self, queryset: QuerySet[Payout], name: str, value: str) -> QuerySet[Payout]:
        return queryset.filter(state__in=OPEN_PAYOUT if value == "processing" else [value])

    filter_wallet = _by_key("wallet_id", Wallet.prefix)
    filter_customer = _by_key("customer_id", Customer.prefix)
