"""The tools of analytics: a changed row changes the figure, and each answer is as its schema says."""

from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from analytics.services import rollups
from compliance.audit import sequencer
from mcp_bridge.engine.serving import Exchange
from mcp_bridge.principals import Caller
from mcp_bridge.registry import toolbox
from mcp_bridge.server import RupaiServer
from payments.tests.agents import AgentShop
from payments.tests.conftest import acquirer
from payments.tests.factories import new_merchant
from rupai.accounts.tests.factories import acting
from rupai.core import clock
from wallets.selectors.days import zone_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
__all__ = ["acquirer"]


@pytest.fixture
def shop(acquirer: Any) -> AgentShop:
    return AgentShop()


def call(shop: AgentShop, name: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool as the shop's agent; the answer satisfies the output schema."""
    result = RupaiServer().call(Caller(acting(shop.agent)), name, arguments, Exchange("2026-07-28", client="tests"))
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured or {}
    tool = toolbox.get(name)
    assert tool is not None
    jsonschema_rs.validate(tool.output_schema, found)
    return found


def refused(shop: AgentShop, name: str, **arguments: Any) -> str:
    result = RupaiServer().call(Caller(acting(shop.agent)), name, arguments, Exchange("2026-07-28", client="tests"))
    assert result.is_error
    return str(result.content[0]["text"])


def today(shop: AgentShop) -> dict[str, str]:
    """Today as the days of a question, in the merchant's zone."""
    day = clock.now().astimezone(zone_of(shop.merchant.pk)).date().isoformat()
    return {"start_date": day, "end_date": day}


def count_all() -> None:
    sequencer.sequence()
    rollups.catch_up()


def value_of(rows: list[dict[str, Any]], name: str) -> Any:
    return next(row["value"] for row in rows if row.get("key", row.get("name")) == name)


def test_payment_metrics(shop: AgentShop) -> None:
    empty = call(shop, "get_payment_metrics", **today(shop))
    assert empty["totals"] == {"count": 0, "succeeded": 0, "failed": 0, "success_rate": 0.0, "volume": []}
    shop.pay(12_345)
    count_all()
    found = call(shop, "get_payment_metrics", **today(shop), group_by="hour")
    assert found["totals"]["volume"] == [{"amount": 12_345, "currency": "INR", "display": "INR 123.45"}]
    assert sum(each["value"] for each in found["series"]) == 12_345
    shop.pay(5)
    count_all()
    assert call(shop, "get_payment_metrics", **today(shop))["totals"]["count"] == 2


def test_user_behaviour(shop: AgentShop) -> None:
    customer = shop.customer.public_id
    empty = call(shop, "analyze_user_behavior", **today(shop), user_id=customer)
    assert (empty["findings"], empty["insufficient_data"]) == ([], True)
    for _ in range(3):
        shop.pay(100)
    found = call(shop, "analyze_user_behavior", **today(shop), user_id=customer)
    assert (value_of(found["findings"], "amount_spent_INR"), found["insufficient_data"]) == (300, False)
    shop.pay(11)
    found = call(shop, "analyze_user_behavior", **today(shop), segment="new")
    assert value_of(found["findings"], "amount_spent_INR") == 311


def test_revenue(shop: AgentShop) -> None:
    shop.pay(10_000)
    count_all()
    found = call(shop, "generate_revenue_analytics", **today(shop), breakdown="daily", forecast_periods=3)
    [day] = found["series"]
    assert (day["gross"], day["fees"], day["net"]) == (10_000, 190, 9_810)
    # One day is no history.
    assert not {"forecast", "backtest"} & found.keys()
    shop.pay(1_000)
    count_all()
    [day] = call(shop, "generate_revenue_analytics", **today(shop), breakdown="daily")["series"]
    assert (day["gross"], day["net"]) == (11_000, 10_791)


def test_revenue_with_a_forecast(shop: AgentShop) -> None:
    for ago in range(1, 18):
        with clock.at(clock.now() - timedelta(days=ago)):
            shop.pay(1_000)
    count_all()
    found = call(shop, "generate_revenue_analytics", **today(shop), breakdown="daily", forecast_periods=2)
    assert [(each["mean"], each["low"], each["high"]) for each in found["forecast"]] == [(1_000, 1_000, 1_000)] * 2
    assert found["backtest"] == {"mape": 0.0, "periods": 10}


def test_fraud_patterns(shop: AgentShop) -> None:
    assert call(shop, "detect_fraud_patterns")["findings"] == []
    for _ in range(6):
        shop.pay(1_000)
    usual = call(shop, "detect_fraud_patterns")
    assert (usual["findings"], usual["scanned"]) == ([], 6)
    strange = shop.pay(90_000)
    found = call(shop, "detect_fraud_patterns", user_id=shop.customer.public_id)
    assert [each["subject_id"] for each in found["findings"]] == [shop.customer.public_id, strange.public_id]
    assert found["findings"][0]["factors"][0]["name"] == "amount_above_own_past"
    for analysis in ("velocity", "recent_activity", "system_wide"):
        assert call(shop, "detect_fraud_patterns", analysis_type=analysis, threshold=0)["scanned"] >= 1
    named = call(shop, "detect_fraud_patterns", transaction_id=strange.public_id)
    assert named["model_version"] == "rules-1"


def test_dashboard_metrics(shop: AgentShop) -> None:
    assert value_of(call(shop, "get_dashboard_metrics")["metrics"], "payments") == 0
    shop.pay(700)
    count_all()
    for window in ("15m", "1h", "24h", "7d"):
        assert value_of(call(shop, "get_dashboard_metrics", window=window)["metrics"], "volume") == 700


def test_another_merchants_payments_do_not_count(shop: AgentShop) -> None:
    other = AgentShop(new_merchant("Other"))
    other.pay(999_999)
    count_all()
    assert call(shop, "get_payment_metrics", **today(shop))["totals"]["count"] == 0
    assert call(shop, "detect_fraud_patterns", analysis_type="system_wide")["scanned"] == 0
    assert "not_found" in refused(shop, "analyze_user_behavior", **today(shop), user_id=other.customer.public_id)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("get_payment_metrics", {"start_date": "2026-05-02", "end_date": "2026-05-01"}, "date_range"),
        ("get_payment_metrics", {"start_date": "2026-05-01"}, "invalid_input"),
        ("generate_revenue_analytics", {"start_date": "2024-01-01", "end_date": "2026-05-01"}, "date_range"),
        ("generate_revenue_analytics", {"forecast_periods": 1.0}, "invalid_input"),
        ("detect_fraud_patterns", {"threshold": 2}, "invalid_input"),
        ("detect_fraud_patterns", {"limit": "5"}, "invalid_input"),
        ("get_dashboard_metrics", {"window": "2d"}, "invalid_input"),
        ("get_dashboard_metrics", {"merchant_id": "mer_1"}, "invalid_input"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    shop: AgentShop, name: str, arguments: dict[str, Any], code: str
) -> None:
    assert code in refused(shop, name, **arguments)
