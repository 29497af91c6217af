"""What the tools of payments take and give: the REST door's own serializers, with the tools' further fields."""

from typing import Any

from rest_framework import serializers

from mcp_bridge.serializers.money import VPA, HeaderCurrency, Moved
from payments.providers import registry
from payments.serializers import (
    METHODS,
    REFUND_REASONS,
    REFUND_STATUSES,
    STATUSES,
    Failure,
    NewCapture,
    NewPayment,
    NewRefund,
    NextAction,
    RouteView,
    Step,
)
from rupai.api.fields import CurrencyCode, MinorUnits, PublicId, StrictInteger, StrictSerializer, StrictText

# The names that agents know; those without a connector here are not offered.
_KNOWN = ("stripe", "razorpay", "upi", "bank", "solana", "sandbox")
PREFERABLE = ["auto", *(name for name in _KNOWN if name in registry.names())]
# Answers of a tool which are no states of a payment: nothing has been written for either.
_NO_PAYMENT = ["pending_approval", "dry_run"]


class CreatePayment(NewPayment):
    currency = HeaderCurrency()
    vpa = serializers.RegexField(VPA, required=False, max_length=321, help_text="UPI id, for method=upi")
    preferred_provider = serializers.ChoiceField(choices=PREFERABLE, default="auto")


class PaymentId(StrictSerializer):
    payment_id = PublicId("pay")


class VerifyPayment(PaymentId):
    signature = StrictText(max_length=512, required=False)


class CapturePayment(NewCapture):
    payment_id = PublicId("pay")


class RefundPayment(NewRefund):
    payment_id = PublicId("pay")
    reason = serializers.ChoiceField(choices=REFUND_REASONS)
    speed = serializers.ChoiceField(choices=["normal"], default="normal")


class ListPayments(StrictSerializer):
    customer_id = PublicId("cust", required=False)
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    provider = StrictText(max_length=32, required=False)
    start_date = serializers.DateField(required=False, input_formats=["%Y-%m-%d"])
    end_date = serializers.DateField(required=False, input_formats=["%Y-%m-%d"])
    limit = StrictInteger(min_value=1, max_value=100, default=25)
    cursor = StrictText(max_length=200, required=False)
    method = serializers.ChoiceField(choices=METHODS, required=False)
    currency = CurrencyCode(required=False)
    min_amount = StrictInteger(min_value=0, required=False)
    max_amount = StrictInteger(min_value=0, required=False)


class ExplainRouting(StrictSerializer):
    amount = MinorUnits()
    currency = CurrencyCode()
    method = serializers.ChoiceField(choices=METHODS)


class ShownPayment(serializers.Serializer[Any]):
    """A payment as the tools show it; what is empty is left out."""

    payment_id = serializers.CharField()
    status = serializers.ChoiceField(choices=[*STATUSES, *_NO_PAYMENT])
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    amount_capturable = serializers.IntegerField(required=False)
    amount_captured = serializers.IntegerField(required=False)
    amount_refunded = serializers.IntegerField(required=False)
    provider = serializers.CharField(required=False)
    provider_reference = serializers.CharField(required=False)
    method = serializers.CharField(required=False)
    capture = serializers.CharField(required=False)
    customer_id = serializers.CharField(required=False)
    wallet_id = serializers.CharField(required=False)
    payment_method_token = serializers.CharField(required=False)
    description = serializers.CharField(required=False)
    order_id = serializers.CharField(required=False)
    metadata = serializers.DictField(child=serializers.CharField(), required=False)
    failure = Failure(required=False)
    next_action = NextAction(required=False)
    route = RouteView(required=False)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(required=False)
    livemode = serializers.BooleanField(required=False)


class MadePayment(ShownPayment, Moved):
    """A payment that was created, or what would become of it."""

    payment_id = serializers.CharField(required=False)
    created_at = serializers.DateTimeField(required=False)


class CapturedPayment(ShownPayment, Moved):
    capturable_after = serializers.IntegerField(required=False)


class PaymentStatus(ShownPayment):
    timeline = Step(many=True, required=False)


class DifferenceView(serializers.Serializer[Any]):
    field = serializers.CharField()
    ours = serializers.CharField()
    provider = serializers.CharField()


class VerifiedPayment(ShownPayment):
    verified = serializers.BooleanField()
    discrepancies = DifferenceView(many=True)


class RefundedPayment(Moved):
    refund_id = serializers.CharField(required=False)
    payment_id = serializers.CharField()
    status = serializers.ChoiceField(choices=[*REFUND_STATUSES, *_NO_PAYMENT])
    reason = serializers.CharField(required=False)
    note = serializers.CharField(required=False)
    failure = Failure(required=False)
    refundable_after = serializers.IntegerField(required=False)
    livemode = serializers.BooleanField(required=False)
    created_at = serializers.DateTimeField(required=False)


class PaymentPage(serializers.Serializer[Any]):
    payments = ShownPayment(many=True)
    has_more = serializers.BooleanField()
    next_cursor = serializers.CharField(required=False)


class Prospect(serializers.Serializer[Any]):
    provider = serializers.CharField()
    score = serializers.FloatField()
    success_rate = serializers.FloatField(min_value=0, max_value=1, help_text="Of sample_size; 0 when that is 0")
    sample_size = serializers.IntegerField(min_value=0, help_text="Ended attempts of 30 days, at most 5,000")
    p95_ms = serializers.IntegerField(required=False)
    reason = serializers.CharField(required=False)


class Routing(serializers.Serializer[Any]):
    chosen = serializers.CharField()
    considered = Prospect(many=True)
