"""The REST door of figures."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.selectors.dashboard import dashboard_metrics
from analytics.selectors.fraud import fraud_patterns
from analytics.selectors.metrics import payment_metrics
from analytics.selectors.revenue import revenue
from analytics.selectors.user_behaviour import user_behaviour
from analytics.serializers.answers import (
    BehaviourView,
    DashboardView,
    PatternsView,
    PaymentMetricsView,
    RevenueView,
)
from analytics.serializers.asked import (
    BehaviourAsked,
    DashboardAsked,
    MetricsAsked,
    PatternsAsked,
    RevenueAsked,
    SegmentAsked,
    days_of,
)
from rupai.api.questions import Question


class PaymentMetrics(Question):
    scopes: ClassVar = {"GET": "analytics:read"}
    query_serializer = MetricsAsked
    serializer_class = PaymentMetricsView

    @extend_schema(operation_id="get_payment_metrics", parameters=[MetricsAsked], responses=PaymentMetricsView)
    def get(self, request: Request) -> Response:
        """Count the payments of some days: totals, and a series by time, method, provider, currency or country."""
        found = payment_metrics(actor=self.actor, **days_of(self.asked()))
        return Response(PaymentMetricsView(found).data)


class RevenueByPeriod(Question):
    scopes: ClassVar = {"GET": "analytics:read"}
    query_serializer = RevenueAsked
    serializer_class = RevenueView

    @extend_schema(operation_id="get_revenue", parameters=[RevenueAsked], responses=RevenueView)
    def get(self, request: Request) -> Response:
        """Read gross revenue, refunds, fees and net by period, and what is to be expected of gross revenue."""
        found = revenue(actor=self.actor, **days_of(self.asked()))
        return Response(RevenueView(found).data)


class CustomerBehaviour(Question):
    scopes: ClassVar = {"GET": "analytics:read"}
    query_serializer = BehaviourAsked
    serializer_class = BehaviourView

    @extend_schema(operation_id="get_customer_behaviour", parameters=[BehaviourAsked], responses=BehaviourView)
    def get(self, request: Request, customer_id: str) -> Response:
        """Compare a customer's payments of some days with the customer's own of the year before."""
        found = user_behaviour(actor=self.actor, customer_id=customer_id, **days_of(self.asked()))
        return Response(BehaviourView(found).data)


class SegmentBehaviour(Question):
    scopes: ClassVar = {"GET": "analytics:read"}
    query_serializer = SegmentAsked
    serializer_class = BehaviourView

    @extend_schema(operation_id="get_segment_behaviour", parameters=[SegmentAsked], responses=BehaviourView)
    def get(self, request: Request) -> Response:
        """Compare what a segment's customers paid in some days with what they paid in the year before."""
        found = user_behaviour(actor=self.actor, **days_of(self.asked()))
        return Response(BehaviourView(found).data)


class FraudPatterns(Question):
    scopes: ClassVar = {"GET": "fraud:read"}
    query_serializer = PatternsAsked
    serializer_class = PatternsView

    @extend_schema(operation_id="get_fraud_patterns", parameters=[PatternsAsked], responses=PatternsView)
    def get(self, request: Request) -> Response:
        """Score a payment, a customer or the whole for fraud, by rules and statistics. It reports, and never blocks."""
        values = self.asked()
        names = {"user_id": "customer_id", "transaction_id": "payment_id"}
        found = fraud_patterns(actor=self.actor, **{names.get(name, name): value for name, value in values.items()})
        return Response(PatternsView(found).data)


class Dashboard(Question):
    scopes: ClassVar = {"GET": "analytics:read"}
    query_serializer = DashboardAsked
    serializer_class = DashboardView

    @extend_schema(operation_id="get_dashboard_metrics", parameters=[DashboardAsked], responses=DashboardView)
    def get(self, request: Request) -> Response:
        """Read the present figures of a window."""
        found = dashboard_metrics(actor=self.actor, **self.asked())
        return Response(DashboardView(found).data)
