"""What the doors of analytics give."""

from typing import Any

from rest_framework import serializers

from analytics.selectors.revenue import Expected, Revenue
from analytics.serializers.fields import Figure, Sparse
from rupai.api.fields import CurrencyCode

DECISIONS = ["allow", "review", "deny"]


class Amount(serializers.Serializer[Any]):
    amount = serializers.IntegerField(source="minor", help_text="Minor units")
    currency = CurrencyCode()
    display = serializers.CharField(source="*", required=False, help_text="Decimal rendering; for people only")


class TotalsView(Sparse):
    count = serializers.IntegerField(help_text="Payments created; of one provider, payments with an outcome")
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    success_rate = serializers.FloatField(min_value=0, max_value=1, help_text="0 when no payment had an outcome")
    volume = Amount(many=True, help_text="What was captured")
    p95_ms = Figure(required=False, help_text="Provider latency, the upper end of its class")


class LineView(serializers.Serializer[Any]):
    key = serializers.CharField()
    value = Figure(help_text="What was captured, in minor units of the currency")
    count = serializers.IntegerField(required=False)
    currency = CurrencyCode(required=False)


class PaymentMetricsView(serializers.Serializer[Any]):
    totals = TotalsView()
    series = LineView(many=True, required=False)
    as_of = serializers.DateTimeField(help_text="Everything up to this moment is counted")


class FindingView(Sparse):
    name = serializers.CharField()
    value = Figure()
    baseline = Figure(required=False)
    z_score = Figure(required=False)
    p_value = Figure(required=False)


class BehaviourView(serializers.Serializer[Any]):
    analysis_type = serializers.CharField()
    findings = FindingView(many=True)
    sample_size = serializers.IntegerField(help_text="Payments that were looked at")
    method = serializers.CharField(help_text="The statistics that were used")
    insufficient_data = serializers.BooleanField(required=False)


class PeriodView(serializers.Serializer[Any]):
    """What was captured, given back and taken as fee in a period, each at its own time."""

    period = serializers.CharField(source="name", help_text="2026-03-01, 2026-W09 or 2026-03")
    gross = serializers.IntegerField(help_text="Minor units that were captured, top-ups of wallets included")
    refunds = serializers.IntegerField()
    fees = serializers.IntegerField(required=False)
    net = serializers.IntegerField(help_text="Gross less refunds and fees")


class ExpectedView(serializers.Serializer[Expected]):
    """Gross revenue of a whole period to come; nine times in ten it lies between low and high."""

    period = serializers.CharField(source="name")
    mean = serializers.IntegerField(source="point.mean")
    low = serializers.IntegerField(source="point.low")
    high = serializers.IntegerField(source="point.high")


class BacktestView(serializers.Serializer[Any]):
    """How the same forecast did in the past."""

    mape = serializers.FloatField(help_text="Mean absolute error as a part of what came: 0.12 is 12 %")
    periods = serializers.IntegerField(help_text="Periods that were foretold")


class RevenueView(serializers.Serializer[Revenue]):
    series = PeriodView(many=True, source="periods")
    currency = CurrencyCode()
    forecast = ExpectedView(many=True, required=False, source="expected")
    backtest = BacktestView(required=False, source="forecast")

    def to_representation(self, instance: Revenue) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.forecast is None:
            # With too little history nothing is foretold, rather than nothing expected.
            del shown["forecast"], shown["backtest"]
        return shown


class ReasonView(serializers.Serializer[Any]):
    name = serializers.CharField()
    weight = serializers.FloatField(help_text="How much risk it stands for, from 0 to 1")


class PatternView(serializers.Serializer[Any]):
    subject_id = serializers.CharField(help_text="A payment, a customer or the merchant")
    score = serializers.FloatField(help_text="From 0 to 1: one minus the product of what the weights leave over")
    decision = serializers.ChoiceField(choices=DECISIONS)
    factors = ReasonView(many=True, required=False)


class CalibrationView(serializers.Serializer[Any]):
    """How well stored scores told refunds for fraud from other captured payments."""

    auc = serializers.FloatField()
    brier = serializers.FloatField()
    evaluated_at = serializers.DateTimeField()


class PatternsView(Sparse):
    findings = PatternView(many=True)
    scanned = serializers.IntegerField(required=False, help_text="Payments or customers that were looked at")
    threshold = serializers.FloatField()
    model_version = serializers.CharField()
    calibration = CalibrationView(required=False)


class MetricView(Sparse):
    key = serializers.CharField()
    value = Figure()
    count = serializers.IntegerField(required=False)
    currency = CurrencyCode(required=False)


class DashboardView(Sparse):
    metrics = MetricView(many=True)
    active_alerts = serializers.IntegerField(required=False)
    as_of = serializers.DateTimeField(help_text="Everything up to this moment is counted")
