"""Payments counted by days of the merchant's calendar, in exact figures; another merchant's are never among them."""

from datetime import UTC, date, datetime

import pytest

from analytics.errors import DateRange, HoursForgotten
from analytics.models import DaySums
from analytics.selectors.metrics import Line, PaymentMetrics, payment_metrics
from analytics.tests.story import count_all, paid_at, refunded_at
from payments.models import PaymentMethod
from payments.sandbox.acquirer import Acquirer
from payments.tests.factories import Shop, new_merchant
from rupai.core import clock
from rupai.core.errors import ScopeMissing
from rupai.core.money import Money, UnknownCurrency

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# Half past three in the afternoon of 20 May in India.
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
FIRST, LAST = date(2026, 5, 18), date(2026, 5, 20)


def metrics(shop: Shop, **asked: str) -> PaymentMetrics:
    with clock.at(NOW):
        return payment_metrics(actor=shop.actor, start=FIRST, end=LAST, **asked)


def lines(shop: Shop, group_by: str, **asked: str) -> list[tuple[str, int, int, str]]:
    found = metrics(shop, group_by=group_by, **asked).series
    return [(line.key, line.value, line.count, line.currency) for line in found]


@pytest.fixture
def story(shop: Shop) -> Shop:
    """Two good payments and a decline in rupees, one payment in dollars, and one before these days."""
    paid_at(shop, datetime(2026, 5, 17, 12, tzinfo=UTC), 5_000)
    first = paid_at(shop, datetime(2026, 5, 18, 6, tzinfo=UTC), 10_000)
    # Eight in the evening in UTC is the next day in India.
    paid_at(shop, datetime(2026, 5, 18, 20, tzinfo=UTC), 20_000, token="tok_upi_success")
    paid_at(shop, datetime(2026, 5, 19, 12, tzinfo=UTC), 400, currency="USD")
    paid_at(shop, datetime(2026, 5, 20, 9, 30, tzinfo=UTC), 7_000, token="tok_insufficient_funds")
    refunded_at(shop, datetime(2026, 5, 20, 9, 40, tzinfo=UTC), first, 3_000)
    count_all(NOW)
    return shop


def test_totals(story: Shop) -> None:
    found = metrics(story)
    assert (found.totals.count, found.totals.succeeded, found.totals.failed) == (4, 3, 1)
    assert found.totals.success_rate == 0.75
    assert found.totals.volume == [Money(30_000, "INR"), Money(400, "USD")]
    assert found.totals.p95_ms == 100
    assert (found.series, found.as_of) == ([], NOW)


def test_one_more_payment_changes_the_figures(story: Shop) -> None:
    paid_at(story, datetime(2026, 5, 20, 9, 50, tzinfo=UTC), 1)
    count_all(NOW)
    assert metrics(story).totals.volume == [Money(30_001, "INR"), Money(400, "USD")]
    assert metrics(story).totals.count == 5


def test_narrowed_to_a_currency_and_a_provider(story: Shop) -> None:
    rupees = metrics(story, currency="INR").totals
    assert (rupees.count, rupees.success_rate, rupees.volume) == (3, round(2 / 3, 6), [Money(30_000, "INR")])
    assert metrics(story, provider="sandbox").totals.count == 4
    elsewhere = metrics(story, provider="nobody", currency="INR").totals
    assert (elsewhere.count, elsewhere.success_rate, elsewhere.p95_ms) == (0, 0.0, None)
    assert elsewhere.volume == [Money(0, "INR")]


def test_by_day_with_the_days_on_which_nothing_happened(story: Shop) -> None:
    assert lines(story, "day", currency="INR") == [
        ("2026-05-18", 10_000, 1, "INR"),
        ("2026-05-19", 20_000, 1, "INR"),
        ("2026-05-20", 0, 1, "INR"),
    ]
    assert ("2026-05-19", 400, 1, "USD") in lines(story, "day")
    assert ("2026-05-20", 0, 0, "USD") in lines(story, "day")


def test_by_week_and_month(story: Shop) -> None:
    assert lines(story, "week", currency="INR") == [("2026-W21", 30_000, 3, "INR")]
    assert lines(story, "month", currency="USD") == [("2026-05", 400, 1, "USD")]


def test_by_what_payments_have_in_common(story: Shop) -> None:
    assert lines(story, "payment_method") == [
        ("card", 10_000, 2, "INR"),
        ("card", 400, 1, "USD"),
        ("upi", 20_000, 1, "INR"),
    ]
    assert lines(story, "provider") == [("sandbox", 30_000, 3, "INR"), ("sandbox", 400, 1, "USD")]
    assert lines(story, "currency") == [("INR", 30_000, 3, "INR"), ("USD", 400, 1, "USD")]
    assert lines(story, "country", currency="USD") == [("unknown", 400, 1, "USD")]


def test_a_known_country_is_named(shop: Shop) -> None:
    paid_at(shop, datetime(2026, 5, 19, 12, tzinfo=UTC), 900)
    PaymentMethod.objects.filter(customer=shop.customer).update(country="IN")
    count_all(NOW)
    assert lines(shop, "country") == [("IN", 900, 1, "INR")]


def test_hours_of_the_merchant(story: Shop) -> None:
    with clock.at(NOW):
        found = payment_metrics(actor=story.actor, start=date(2026, 5, 19), end=LAST, group_by="hour").series
    rupees = [line for line in found if line.currency == "INR"]
    assert rupees[0] == Line("2026-05-19T00:00+05:30", 0, 0, "INR")
    assert Line("2026-05-19T01:00+05:30", 20_000, 1, "INR") in rupees
    # The hour that is running is the last one.
    assert rupees[-1] == Line("2026-05-20T15:00+05:30", 0, 1, "INR")
    assert len(rupees) == 24 + 16


def test_hours_of_older_days_are_refused_with_the_day_from_which_they_are_kept(story: Shop) -> None:
    with pytest.raises(HoursForgotten) as refused:
        metrics(story, group_by="hour")
    assert "2026-05-19" in refused.value.hint


def test_a_day_on_which_clocks_go_back_has_twenty_five_hours(acquirer: Acquirer) -> None:
    berlin = Shop(new_merchant("Kiosk", timezone="Europe/Berlin"))
    day = date(2026, 10, 25)
    for hour in (0, 1):
        # Half past two comes twice, at half past midnight and at half past one in UTC.
        paid_at(berlin, datetime(2026, 10, 25, hour, 30, tzinfo=UTC), 100 + hour)
    evening = datetime(2026, 10, 25, 22, 59, tzinfo=UTC)
    count_all(evening)
    with clock.at(evening):
        found = payment_metrics(actor=berlin.actor, start=day, end=day, group_by="hour").series
        whole = payment_metrics(actor=berlin.actor, start=day, end=day, group_by="day").series
    assert len(found) == 25
    assert [line for line in found if line.value] == [
        Line("2026-10-25T02:00+02:00", 100, 1, "INR"),
        Line("2026-10-25T02:00+01:00", 101, 1, "INR"),
    ]
    assert whole == [Line("2026-10-25", 201, 2, "INR")]


def test_the_end_of_a_month_is_the_merchants(acquirer: Acquirer) -> None:
    berlin = Shop(new_merchant("Kiosk", timezone="Europe/Berlin"))
    paid_at(berlin, datetime(2026, 3, 31, 21, 59, tzinfo=UTC), 100)
    paid_at(berlin, datetime(2026, 3, 31, 22, 1, tzinfo=UTC), 900)
    count_all(NOW)
    found = payment_metrics(actor=berlin.actor, start=date(2026, 3, 1), end=date(2026, 4, 30), group_by="month").series
    assert [(line.key, line.value) for line in found] == [("2026-03", 100), ("2026-04", 900)]


def test_another_merchant_and_the_other_mode_count_for_nothing(story: Shop) -> None:
    other = Shop(new_merchant("Other"))
    paid_at(other, datetime(2026, 5, 19, 12, tzinfo=UTC), 999_999)
    [sums] = DaySums.objects.filter(merchant_id=story.merchant.pk, day=date(2026, 5, 19), currency="USD")[:1]
    DaySums.objects.create(
        **{name: getattr(sums, name) for name in ("merchant_id", "day", "currency", "provider", "method", "country")},
        livemode=True,
        captured_amount=888_888,
        created_count=1,
    )
    count_all(NOW)
    assert metrics(story).totals.volume == [Money(30_000, "INR"), Money(400, "USD")]
    assert metrics(other).totals.volume == [Money(999_999, "INR")]
    with clock.at(NOW):
        found = payment_metrics(actor=other.actor, start=date(2026, 5, 19), end=LAST, group_by="hour").series
    assert sum(line.value for line in found) == 999_999


def test_where_nothing_ever_happened_all_is_zero(shop: Shop) -> None:
    found = metrics(shop)
    totals = found.totals
    assert (totals.count, totals.succeeded, totals.failed, totals.success_rate) == (0, 0, 0, 0.0)
    assert (totals.volume, totals.p95_ms, found.series) == ([], None, [])
    assert lines(shop, "day") == []


def test_what_is_not_counted_yet_is_told(story: Shop) -> None:
    late = datetime(2026, 5, 20, 9, 55, tzinfo=UTC)
    paid_at(story, late, 500)
    assert metrics(story).as_of == late
    count_all(NOW)
    assert metrics(story).as_of == NOW


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 5, 2), date(2026, 5, 1)),
        (date(2025, 1, 1), date(2026, 2, 6)),
        (date(1999, 12, 31), date(2000, 1, 2)),
        (date(9000, 1, 1), date(9000, 1, 2)),
    ],
)
def test_days_that_cannot_be_asked_for(shop: Shop, start: date, end: date) -> None:
    with pytest.raises(DateRange):
        payment_metrics(actor=shop.actor, start=start, end=end)


def test_four_hundred_days_can(shop: Shop) -> None:
    found = payment_metrics(actor=shop.actor, start=date(2025, 1, 1), end=date(2026, 2, 5), group_by="day")
    assert found.totals.count == 0


def test_a_currency_that_does_not_exist(shop: Shop) -> None:
    with pytest.raises(UnknownCurrency):
        metrics(shop, currency="XXY")


def test_it_needs_the_scope(shop: Shop) -> None:
    actor = type(shop.actor)("key", "k", shop.merchant.pk, False, frozenset({"payments:read"}))
    with pytest.raises(ScopeMissing):
        payment_metrics(actor=actor, start=FIRST, end=LAST)
