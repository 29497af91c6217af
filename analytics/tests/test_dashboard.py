"""The present figures of a place, over each window."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics.selectors.dashboard import dashboard_metrics
from analytics.tests.story import count_all, paid_at, refunded_at
from payments.sandbox.acquirer import Acquirer
from payments.tests.factories import Shop, new_merchant
from rupai.core import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 0, 30, tzinfo=UTC)
Shown = dict[tuple[str, str | None], tuple[int | float, int | None]]


def shown(shop: Shop, window: str) -> Shown:
    with clock.at(NOW):
        found = dashboard_metrics(actor=shop.actor, window=window)
    return {(each.key, each.currency): (each.value, each.count) for each in found.metrics}


@pytest.fixture
def story(shop: Shop) -> Shop:
    """One payment in each window, from ten minutes to six days ago; the one of an hour ago failed."""
    for ago, amount, token in [
        (timedelta(minutes=10), 1_000, "tok_visa"),
        (timedelta(minutes=50), 2_000, "tok_insufficient_funds"),
        (timedelta(hours=23), 4_000, "tok_visa"),
        (timedelta(days=6), 8_000, "tok_visa"),
        (timedelta(days=7), 16_000, "tok_visa"),
    ]:
        paid_at(shop, NOW - ago, amount, token=token)
    given_back = paid_at(shop, NOW - timedelta(minutes=30), 500)
    refunded_at(shop, NOW - timedelta(minutes=5), given_back, 200)
    count_all(NOW)
    return shop


def test_a_quarter_of_an_hour(story: Shop) -> None:
    assert shown(story, "15m") == {
        ("payments", None): (1, None),
        ("succeeded", None): (1, None),
        ("failed", None): (0, None),
        ("held_by_risk", None): (0, None),
        ("refunds", None): (1, None),
        ("success_rate", None): (1.0, 1),
        ("p95_ms", None): (100, None),
        ("volume", "INR"): (1_000, 1),
        ("refunded", "INR"): (200, 1),
        ("fees", "INR"): (19, 1),
    }


@pytest.mark.parametrize(
    ("window", "payments", "volume", "rate"),
    [("1h", 3, 1_500, 2 / 3), ("24h", 4, 5_500, 3 / 4), ("7d", 5, 13_500, 4 / 5)],
)
def test_longer_windows(story: Shop, window: str, payments: int, volume: int, rate: float) -> None:
    found = shown(story, window)
    assert found["payments", None] == (payments, None)
    assert found["volume", "INR"][0] == volume
    assert found["success_rate", None][0] == round(rate, 6)


def test_one_more_payment_shows(story: Shop) -> None:
    paid_at(story, NOW - timedelta(minutes=1), 7)
    count_all(NOW)
    assert shown(story, "15m")["volume", "INR"] == (1_007, 2)


def test_another_merchant_counts_for_nothing(acquirer: Acquirer, story: Shop) -> None:
    other = Shop(new_merchant("Other"))
    paid_at(other, NOW - timedelta(minutes=1), 999_999)
    count_all(NOW)
    for window in ("15m", "1h", "24h", "7d"):
        assert shown(story, window)["volume", "INR"][0] < 20_000
        assert shown(other, window)["volume", "INR"] == (999_999, 1)


def test_of_nothing_there_is_neither_a_rate_nor_a_latency(shop: Shop) -> None:
    assert shown(shop, "24h") == {
        (key, None): (0, None) for key in ("payments", "succeeded", "failed", "held_by_risk", "refunds")
    }


def test_alerts_are_the_callers(shop: Shop) -> None:
    assert dashboard_metrics(actor=shop.actor).active_alerts is None
    assert dashboard_metrics(actor=shop.actor, active_alerts=3).active_alerts == 3
