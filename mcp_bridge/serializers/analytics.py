"""What the tools of analytics take and give: the serializers of the REST door, with what its addresses say."""

from analytics.serializers.answers import (
    BehaviourView,
    DashboardView,
    PatternsView,
    PaymentMetricsView,
    RevenueView,
)
from analytics.serializers.asked import DashboardAsked, MetricsAsked, PatternsAsked, RevenueAsked, SegmentAsked
from rupai.api.fields import PublicId

__all__ = [
    "AnalyzeBehaviour",
    "BehaviourView",
    "DashboardAsked",
    "DashboardView",
    "MetricsAsked",
    "PatternsAsked",
    "PatternsView",
    "PaymentMetricsView",
    "RevenueAsked",
    "RevenueView",
]


class AnalyzeBehaviour(SegmentAsked):
    user_id = PublicId("cust", required=False)
