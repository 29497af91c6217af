"""Revenue by day, week and month to the last paisa, and what is expected of it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from analytics.forecast.seasonal_naive import Point
from analytics.models import DaySums
from analytics.selectors.revenue import Revenue, revenue
from analytics.tests.story import count_all, paid_at, refunded_at
from payments.models import Capture
from payments.sandbox.acquirer import Acquirer
from payments.tests.factories import Shop, new_merchant
from rupai.core import clock
from rupai.core.money import UnknownCurrency

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
INDIA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
TODAY = date(2026, 5, 20)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=INDIA)


def asked(shop: Shop, start: date, end: date, **more: str | int) -> Revenue:
    with clock.at(NOW):
        return revenue(actor=shop.actor, start=start, end=end, **more)  # type: ignore[arg-type]


def figures(found: Revenue) -> list[tuple[str, int, int, int, int]]:
    return [(each.name, each.gross, each.refunds, each.fees, each.net) for each in found.periods]


def sums_of(shop: Shop, amounts: dict[date, int], currency: str = "INR") -> None:
    """What was captured on days, as the reader of the log would have added it up."""
    DaySums.objects.bulk_create(
        DaySums(
            merchant_id=shop.merchant.pk,
            day=day,
            livemode=False,
            currency=currency,
            provider="sandbox",
            method="card",
            country="",
            captured_amount=amount,
            captured_count=1,
        )
        for day, amount in amounts.items()
    )


@pytest.fixture
def story(shop: Shop) -> Shop:
    first = paid_at(shop, noon(date(2026, 4, 30)), 10_000)
    paid_at(shop, noon(date(2026, 5, 3)), 2_050)
    paid_at(shop, noon(date(2026, 5, 4)), 30_000)
    paid_at(shop, noon(date(2026, 5, 4)), 700, currency="USD")
    paid_at(shop, noon(date(2026, 5, 4)), 999, token="tok_insufficient_funds")
    refunded_at(shop, noon(date(2026, 5, 5)), first, 4_000)
    count_all(NOW)
    return shop


def test_days(story: Shop) -> None:
    found = asked(story, date(2026, 5, 3), date(2026, 5, 5), breakdown="daily")
    assert found.currency == "INR"
    # 1.9 % of 2,050 is 38.95, and a refund gives no fee back.
    assert figures(found) == [
        ("2026-05-03", 2_050, 0, 39, 2_011),
        ("2026-05-04", 30_000, 0, 570, 29_430),
        ("2026-05-05", 0, 4_000, 0, -4_000),
    ]
    assert (found.expected, found.forecast) == ([], None)


def test_weeks_begin_on_monday_and_are_cut_at_the_days_asked_for(story: Shop) -> None:
    found = asked(story, date(2026, 5, 1), date(2026, 5, 4), breakdown="weekly")
    assert [(each.name, each.start, each.end, each.gross) for each in found.periods] == [
        ("2026-W18", date(2026, 5, 1), date(2026, 5, 3), 2_050),
        ("2026-W19", date(2026, 5, 4), date(2026, 5, 4), 30_000),
    ]


def test_months(story: Shop) -> None:
    found = asked(story, date(2026, 4, 1), date(2026, 5, 31))
    assert figures(found) == [("2026-04", 10_000, 0, 190, 9_810), ("2026-05", 32_050, 4_000, 609, 27_441)]
    assert sum(each.fees for each in found.periods) == sum(
        Capture.objects.filter(payment__currency="INR").values_list("fee", flat=True)
    )


def test_one_more_capture_changes_the_month(story: Shop) -> None:
    paid_at(story, noon(date(2026, 5, 20)), 100)
    count_all(NOW)
    assert figures(asked(story, date(2026, 5, 1), date(2026, 5, 31))) == [("2026-05", 32_150, 4_000, 611, 27_539)]


def test_another_currency(story: Shop) -> None:
    assert figures(asked(story, TODAY, TODAY, currency="USD")) == [("2026-05", 0, 0, 0, 0)]
    assert figures(asked(story, date(2026, 5, 4), TODAY, currency="USD")) == [("2026-05", 700, 0, 13, 687)]
    with pytest.raises(UnknownCurrency):
        asked(story, TODAY, TODAY, currency="inr")


def test_the_usual_currency_is_one_that_was_used(acquirer: Acquirer) -> None:
    shop = Shop(new_merchant("Kiosk", currency="EUR"))
    assert asked(shop, TODAY, TODAY).currency == "EUR"
    sums_of(shop, {TODAY: 5}, "GBP")
    assert asked(shop, TODAY, TODAY).currency == "GBP"
    sums_of(shop, {TODAY - timedelta(days=9): 5}, "EUR")
    assert asked(shop, TODAY, TODAY).currency == "EUR"


def test_a_day_that_is_an_hour_short_is_the_merchants(acquirer: Acquirer) -> None:
    berlin = Shop(new_merchant("Kiosk", timezone="Europe/Berlin"))
    # On 29 March 2026 the day has 23 hours there, from 23:00 to 22:00 in UTC.
    for day, hour, minute, amount in [(28, 22, 59, 1), (28, 23, 1, 20), (29, 21, 59, 300), (29, 22, 1, 4_000)]:
        paid_at(berlin, datetime(2026, 3, day, hour, minute, tzinfo=UTC), amount)
    count_all(NOW)
    found = asked(berlin, date(2026, 3, 28), date(2026, 3, 30), breakdown="daily")
    assert [each.gross for each in found.periods] == [1, 320, 4_000]


def test_days_are_foretold_by_those_of_a_week_ago(shop: Shop) -> None:
    amounts = {TODAY - timedelta(days=ago): 1_000 * ago for ago in range(1, 22)}
    sums_of(shop, {**amounts, TODAY: 77})
    found = asked(shop, TODAY - timedelta(days=6), TODAY, breakdown="daily", forecast_periods=2)
    # Today is not over: it is foretold from the day a week ago, and what came of it until now tells nothing.
    assert [(each.name, each.point) for each in found.expected] == [
        ("2026-05-20", Point(7_000, 0, 14_000)),
        ("2026-05-21", Point(6_000, 0, 13_000)),
    ]
    assert found.forecast is not None
    # Every day came 7,000 lower than the one a week before; fourteen days, from 14,000 down to 1,000, are compared.
    error = sum(7_000 / (1_000 * ago) for ago in range(1, 15)) / 14
    assert found.forecast.mape == pytest.approx(error, abs=1e-6)
    assert found.forecast.periods == 14


def test_a_forecast_follows_the_days_asked_for(shop: Shop) -> None:
    sums_of(shop, {TODAY - timedelta(days=ago): 500 for ago in range(1, 40)})
    found = asked(shop, date(2026, 5, 1), date(2026, 5, 10), breakdown="daily", forecast_periods=1)
    assert [(each.name, each.point) for each in found.expected] == [("2026-05-11", Point(500, 500, 500))]


def test_weeks_and_months_are_foretold_from_whole_ones(shop: Shop) -> None:
    # From a Wednesday on, so that the first week is not whole.
    sums_of(shop, {TODAY - timedelta(days=ago): 10 for ago in range(7 * 15 + 1)})
    weeks = asked(shop, TODAY, TODAY, breakdown="weekly", forecast_periods=1)
    assert [(each.name, each.point) for each in weeks.expected] == [("2026-W21", Point(70, 70, 70))]
    assert asked(shop, TODAY, TODAY, breakdown="monthly", forecast_periods=1).forecast is None


def test_too_little_history_foretells_nothing(story: Shop) -> None:
    for breakdown in ("daily", "weekly", "monthly"):
        found = asked(story, date(2026, 5, 1), TODAY, breakdown=breakdown, forecast_periods=3)
        assert (found.forecast, found.expected) == (None, [])


def test_another_merchant_counts_for_nothing(story: Shop) -> None:
    other = Shop(new_merchant("Other"))
    sums_of(other, {TODAY - timedelta(days=ago): 9_999 for ago in range(40)})
    found = asked(story, date(2026, 5, 3), date(2026, 5, 5), breakdown="daily")
    assert [each.gross for each in found.periods] == [2_050, 30_000, 0]


def test_where_nothing_was_ever_paid(shop: Shop) -> None:
    found = asked(shop, TODAY, TODAY, breakdown="daily", forecast_periods=24)
    assert figures(found) == [("2026-05-20", 0, 0, 0, 0)]
    assert (found.expected, found.forecast, found.currency) == ([], None, "INR")
