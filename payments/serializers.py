"""What the doors of payments take and give: REST and MCP read the same serializers."""

from typing import Any

from rest_framework import serializers

from payments.models import Payment, Refund
from payments.models.method import Method
from payments.states import PaymentState, TransferState
from rupai.api.fields import CurrencyCode, Metadata, MinorUnits, PublicId, StrictSerializer, StrictText

STATUSES = [*PaymentState.values, "partially_refunded", "refunded"]
REFUND_STATUSES = list(TransferState.values)
REFUND_REASONS = [reason for reason in Refund.Reason.values if reason != Refund.Reason.LATE_SUCCESS]
PAYOUT_STATUSES = ["processing", "paid", "failed"]
TOP_UP_STATUSES = ["processing", "posted", "failed"]
TOP_UP_SOURCES = ["saved_method"]
METHODS = list(Method.values)
NEXT_ACTIONS = ["redirect", "upi_collect", "upi_intent", "otp", "none", "qr", "three_ds"]


class NewPayment(StrictSerializer):
    amount = MinorUnits()
    currency = CurrencyCode()
    method = serializers.ChoiceField(choices=METHODS)
    customer_id = PublicId("cust")
    payment_method_token = PublicId("pm", required=False, help_text="Saved method. Raw card numbers are never accepted")
    capture = serializers.ChoiceField(choices=Payment.CaptureMode.values, default="automatic")
    description = StrictText(max_length=255, required=False, allow_blank=True)
    order_id = StrictText(max_length=64, required=False, allow_blank=True)
    metadata = Metadata(required=False)


class Confirmation(StrictSerializer):
    payment_method_token = PublicId("pm")


class NewCapture(StrictSerializer):
    amount = MinorUnits(required=False, help_text="Minor units; omit to capture all that is left")


class Nothing(StrictSerializer):
    """An empty body."""


class NewRefund(StrictSerializer):
    amount = MinorUnits(required=False, help_text="Minor units; omit to refund all that is left")
    reason = serializers.ChoiceField(choices=REFUND_REASONS, default="other")
    note = StrictText(max_length=500, required=False, allow_blank=True)


class TopUpSource(StrictSerializer):
    """What is charged to fund the wallet."""

    type = serializers.ChoiceField(choices=TOP_UP_SOURCES)
    payment_method_token = PublicId("pm", help_text="A saved method of the wallet's customer")


class NewTopUp(StrictSerializer):
    amount = MinorUnits()
    currency = CurrencyCode()
    # The tool's name for it; rest_framework takes declared fields off the class, so its own attribute stays.
    source = TopUpSource()  # type: ignore[assignment]


class NewWithdrawal(StrictSerializer):
    amount = MinorUnits()
    currency = CurrencyCode()
    destination = StrictText(
        max_length=200, help_text="The provider's token of a bank account; sandbox: bank_success, see docs/sandbox.md"
    )
    description = StrictText(max_length=255, required=False, allow_blank=True)


class NewPaymentMethod(StrictSerializer):
    customer_id = PublicId("cust")
    type = serializers.ChoiceField(choices=METHODS)
    token = StrictText(
        max_length=200,
        help_text="The provider's token; sandbox: tok_visa, see docs/sandbox.md. type wallet: or a wallet's id",
    )
    provider = StrictText(max_length=32, required=False)


class Shown(serializers.Serializer[Any]):
    """Output that a row has prepared itself: ``row.public()``."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = instance.public()
        return shown


class Failure(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    retryable = serializers.BooleanField()


class NextAction(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=NEXT_ACTIONS)
    url = serializers.CharField(required=False)
    expires_at = serializers.DateTimeField(required=False)


class Considered(serializers.Serializer[Any]):
    provider = serializers.CharField()
    score = serializers.FloatField()
    reason = serializers.CharField(required=False)


class RouteView(serializers.Serializer[Any]):
    provider = serializers.CharField()
    considered = Considered(many=True, required=False)


class Factor(serializers.Serializer[Any]):
    name = serializers.CharField()
    weight = serializers.FloatField()


class RiskView(serializers.Serializer[Any]):
    score = serializers.FloatField(min_value=0, max_value=1)
    decision = serializers.ChoiceField(choices=["allow", "challenge", "review", "block"])
    factors = Factor(many=True, required=False)
    model_version = serializers.CharField()


class PaymentView(Shown):
    payment_id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    amount_capturable = serializers.IntegerField()
    amount_captured = serializers.IntegerField()
    amount_refunded = serializers.IntegerField()
    method = serializers.ChoiceField(choices=METHODS)
    capture = serializers.ChoiceField(choices=Payment.CaptureMode.values)
    customer_id = serializers.CharField()
    wallet_id = serializers.CharField(required=False, help_text="Set on a top-up: the wallet that it credits")
    payment_method_token = serializers.CharField(allow_null=True)
    description = serializers.CharField(allow_blank=True)
    order_id = serializers.CharField(allow_blank=True)
    metadata = serializers.DictField(child=serializers.CharField(allow_blank=True))
    provider = serializers.CharField(required=False)
    provider_reference = serializers.CharField(required=False)
    failure = Failure(required=False)
    next_action = NextAction(required=False)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class Step(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    event = serializers.CharField()
    actor = serializers.CharField(required=False)


class PaymentDetail(PaymentView):
    """A payment with why it went where it went, and its timeline."""

    risk = RiskView(required=False)
    route = RouteView(required=False)
    timeline = Step(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {**super().to_representation(instance), **self.context["story"]}


class RefundView(Shown):
    refund_id = serializers.CharField()
    payment_id = serializers.CharField()
    status = serializers.ChoiceField(choices=REFUND_STATUSES)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    reason = serializers.ChoiceField(choices=Refund.Reason.values)
    note = serializers.CharField(allow_blank=True)
    failure = Failure(required=False)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class TopUpView(Shown):
    """A top-up with the balance after it, and why its payment was scored as it was."""

    top_up_id = serializers.CharField()
    payment_id = serializers.CharField()
    wallet_id = serializers.CharField()
    status = serializers.ChoiceField(choices=TOP_UP_STATUSES)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    balance_after = serializers.IntegerField(help_text="What the wallet can spend now")
    next_action = NextAction(required=False)
    risk = RiskView(required=False)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {**super().to_representation(instance), **self.context["story"]}


class PayoutView(Shown):
    payout_id = serializers.CharField()
    wallet_id = serializers.CharField()
    customer_id = serializers.CharField()
    status = serializers.ChoiceField(choices=PAYOUT_STATUSES)
    amount = serializers.IntegerField()
    currency = serializers.CharField()
    provider = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    failure = Failure(required=False)
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PaymentMethodView(Shown):
    payment_method_token = serializers.CharField()
    customer_id = serializers.CharField()
    type = serializers.ChoiceField(choices=METHODS)
    provider = serializers.CharField()
    brand = serializers.CharField(allow_blank=True)
    last4 = serializers.CharField(allow_blank=True)
    wallet_id = serializers.CharField(required=False, help_text="Set when it is a wallet of the customer here")
    exp_month = serializers.IntegerField(allow_null=True)
    exp_year = serializers.IntegerField(allow_null=True)
    country = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(choices=["active", "detached"])
    livemode = serializers.BooleanField()
    created_at = serializers.DateTimeField()
