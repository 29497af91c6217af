"""The tools of analytics."""

from typing import Any

from analytics.selectors.dashboard import dashboard_metrics
from analytics.selectors.fraud import fraud_patterns
from analytics.selectors.metrics import payment_metrics
from analytics.selectors.revenue import revenue
from analytics.selectors.user_behaviour import user_behaviour
from analytics.serializers.asked import days_of
from mcp_bridge.registry import Call, Tier, tool
from mcp_bridge.serializers import analytics as forms

_TOOLSET = "analytics"
_READS = "analytics:read"


@tool(
    "get_payment_metrics",
    title="Get payment metrics",
    description="Counts, volumes, success rate and latency for a period.",
    tier=Tier.READ,
    scope=_READS,
    toolset=_TOOLSET,
    input=forms.MetricsAsked,
    output=forms.PaymentMetricsView,
)
def metrics(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Count payments by what the caller groups them by."""
    return forms.PaymentMetricsView(payment_metrics(actor=call.actor, **days_of(values))).data


@tool(
    "analyze_user_behavior",
    title="Analyze user behavior",
    description="Spending pattern of one customer or a segment against its own baseline.",
    tier=Tier.READ,
    scope=_READS,
    toolset=_TOOLSET,
    input=forms.AnalyzeBehaviour,
    output=forms.BehaviourView,
)
def behaviour(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Compare a customer or a segment with the own past."""
    customer_id = values.pop("user_id", None)
    found = user_behaviour(actor=call.actor, customer_id=customer_id, **days_of(values))
    return forms.BehaviourView(found).data


@tool(
    "generate_revenue_analytics",
    title="Generate revenue analytics",
    description="Revenue by period, with a forecast, its interval and backtest error.",
    tier=Tier.READ,
    scope=_READS,
    toolset=_TOOLSET,
    input=forms.RevenueAsked,
    output=forms.RevenueView,
)
def revenue_by_period(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read revenue, and foretell it where there is enough history."""
    return forms.RevenueView(revenue(actor=call.actor, **days_of(values))).data


@tool(
    "detect_fraud_patterns",
    title="Detect fraud patterns",
    description="Score a transaction, a customer or the whole system for fraud. Reports; never blocks.",
    tier=Tier.READ,
    scope="fraud:read",
    toolset="fraud",
    input=forms.PatternsAsked,
    output=forms.PatternsView,
)
def fraud(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Score by the rules floor and by statistics."""
    names = {"user_id": "customer_id", "transaction_id": "payment_id"}
    found = fraud_patterns(actor=call.actor, **{names.get(name, name): value for name, value in values.items()})
    return forms.PatternsView(found).data


@tool(
    "get_dashboard_metrics",
    title="Get dashboard metrics",
    description="The operator dashboard's current numbers.",
    tier=Tier.READ,
    scope=_READS,
    toolset=_TOOLSET,
    input=forms.DashboardAsked,
    output=forms.DashboardView,
)
def dashboard(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read the present figures."""
    return forms.DashboardView(dashboard_metrics(actor=call.actor, **values)).data
