"""The REST door of analytics: strict questions, exact answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from analytics.tests.story import count_all, customer_since, judged, paid_at, written
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.tests.factories import new_key
from rupai.core import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
MAY = {"start_date": "2026-05-01", "end_date": "2026-05-20"}


def get(shop: Shop, path: str, **asked: Any) -> Any:
    http = APIClient()
    with clock.at(NOW):
        key = new_key(shop.merchant).secret
        return http.get(f"/api/v1/analytics/{path}", asked, headers={"Authorization": f"Bearer {key}"})


def test_payment_metrics(shop: Shop) -> None:
    paid_at(shop, NOW - timedelta(days=1), 12_345)
    paid_at(shop, NOW - timedelta(hours=1), 500, token="tok_insufficient_funds")
    count_all(NOW)
    answer = get(shop, "payment-metrics", **MAY, group_by="payment_method", currency="INR", provider="sandbox")
    assert answer.json() == {
        "totals": {
            "count": 2,
            "succeeded": 1,
            "failed": 1,
            "success_rate": 0.5,
            "volume": [{"amount": 12_345, "currency": "INR", "display": "INR 123.45"}],
            "p95_ms": 100,
        },
        "series": [{"key": "card", "value": 12_345, "count": 2, "currency": "INR"}],
        "as_of": "2026-05-20T10:00:00Z",
    }


def test_what_is_not_known_is_left_out(shop: Shop) -> None:
    answer = get(shop, "payment-metrics", **MAY).json()
    assert answer["totals"] == {"count": 0, "succeeded": 0, "failed": 0, "success_rate": 0.0, "volume": []}
    assert "forecast" not in get(shop, "revenue", **MAY, forecast_periods=3).json()
    assert "calibration" not in get(shop, "fraud-patterns").json()
    assert "active_alerts" not in get(shop, "dashboard").json()


def test_revenue(shop: Shop) -> None:
    paid_at(shop, NOW, 10_000)
    count_all(NOW)
    assert get(shop, "revenue", **MAY).json() == {
        "series": [{"period": "2026-05", "gross": 10_000, "refunds": 0, "fees": 190, "net": 9_810}],
        "currency": "INR",
    }


def test_revenue_with_what_is_expected(shop: Shop) -> None:
    for ago in range(1, 18):
        paid_at(shop, NOW - timedelta(days=ago), 1_000)
    count_all(NOW)
    found = get(shop, "revenue", **MAY, breakdown="daily", forecast_periods="1").json()
    assert found["forecast"] == [{"period": "2026-05-20", "mean": 1_000, "low": 1_000, "high": 1_000}]
    assert found["backtest"] == {"mape": 0.0, "periods": 10}


def test_behaviour(shop: Shop) -> None:
    asha = customer_since(shop, NOW - timedelta(days=2))
    for hours in (1, 2, 3):
        written(shop, NOW - timedelta(hours=hours), 100, customer=asha)
    answer = get(shop, f"customers/{asha.public_id}/behaviour", start_date="2026-05-20", end_date="2026-05-20").json()
    assert answer["findings"][1:] == [
        {"name": "amount_spent_INR", "value": 300, "baseline": 0},
        {"name": "average_payment_INR", "value": 100},
    ]
    assert (answer["sample_size"], answer["insufficient_data"]) == (3, False)
    segment = get(shop, "behaviour", **MAY, segment="new", analysis_type="engagement_patterns").json()
    assert {"name": "customers", "value": 1} in segment["findings"]


def test_fraud_patterns(shop: Shop) -> None:
    strange = written(shop, NOW - timedelta(hours=1))
    judged(strange, "amount_over_block_limit", score=1.0, verdict="block")
    asked = {"analysis_type": "recent_activity", "threshold": "0.9", "window_hours": "2", "limit": "1"}
    assert get(shop, "fraud-patterns", **asked).json() == {
        "findings": [
            {
                "subject_id": strange.public_id,
                "score": 1.0,
                "decision": "deny",
                "factors": [{"name": "amount_over_block_limit", "weight": 1.0}],
            }
        ],
        "scanned": 1,
        "threshold": 0.9,
        "model_version": "rules-1",
    }
    named = get(shop, "fraud-patterns", transaction_id=strange.public_id).json()
    assert named["findings"][0]["subject_id"] == strange.public_id
    assert get(Shop(new_merchant("Other")), "fraud-patterns", transaction_id=strange.public_id).status_code == 404


def test_dashboard(shop: Shop) -> None:
    paid_at(shop, NOW - timedelta(minutes=2), 700)
    count_all(NOW)
    metrics = get(shop, "dashboard", window="15m").json()["metrics"]
    assert {"key": "volume", "value": 700, "count": 1, "currency": "INR"} in metrics
    assert {"key": "success_rate", "value": 1.0, "count": 1} in metrics


@pytest.mark.parametrize(
    ("path", "asked", "code"),
    [
        ("payment-metrics", {}, "invalid_input"),
        ("payment-metrics", {"start_date": "2026-5-1", "end_date": "2026-05-20"}, "invalid_input"),
        ("payment-metrics", {"start_date": "2026-02-30", "end_date": "2026-05-20"}, "invalid_input"),
        ("payment-metrics", {**MAY, "group_by": "customer"}, "invalid_input"),
        ("payment-metrics", {**MAY, "group_by": ""}, "unknown_parameter"),
        ("payment-metrics", {**MAY, "merchant_id": "mer_1"}, "unknown_parameter"),
        ("payment-metrics", {**MAY, "limit": "1"}, "unknown_parameter"),
        ("payment-metrics", {**MAY, "group_by": "hour"}, "hours_forgotten"),
        ("payment-metrics", {"start_date": "2026-05-20", "end_date": "2026-05-19"}, "date_range"),
        ("revenue", {**MAY, "forecast_periods": "25"}, "invalid_input"),
        ("revenue", {**MAY, "forecast_periods": "1.0"}, "invalid_input"),
        ("revenue", {**MAY, "currency": "inr"}, "invalid_input"),
        ("behaviour", {**MAY, "segment": "whales"}, "invalid_input"),
        ("fraud-patterns", {"threshold": "nan"}, "invalid_input"),
        ("fraud-patterns", {"threshold": "1.1"}, "invalid_input"),
        ("fraud-patterns", {"window_hours": "0"}, "invalid_input"),
        ("fraud-patterns", {"transaction_id": "pay_1"}, "invalid_input"),
        ("dashboard", {"window": "2d"}, "invalid_input"),
    ],
)
def test_a_question_that_cannot_be_meant_is_refused(shop: Shop, path: str, asked: dict[str, str], code: str) -> None:
    answer = get(shop, path, **asked)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_another_merchants_customer_is_not_found(shop: Shop) -> None:
    asha = customer_since(shop, NOW)
    other = Shop(new_merchant("Other"))
    assert get(other, f"customers/{asha.public_id}/behaviour", **MAY).status_code == 404
