"""A report over chosen dimensions and measures tells the sums by day, and nothing that they cannot tell."""

from datetime import UTC, date, datetime

import pytest

from analytics.errors import Uncountable
from analytics.reports.custom import Chosen, check, chosen_of, rows_of
from analytics.serializers.asked import CustomAsked
from analytics.tests.story import count_all, paid_at, refunded_at
from payments.sandbox.acquirer import Acquirer
from payments.tests.factories import Shop, new_merchant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)
Filter = tuple[str, str, str]


def chosen(dimensions: str, measures: str, *filters: Filter) -> Chosen:
    return Chosen(
        dimensions=tuple(dimensions.split()),
        measures=tuple(measures.split()),
        start=date(2026, 5, 1),
        end=date(2026, 5, 31),
        filters=filters,
    )


def rows(shop: Shop, dimensions: str, measures: str, *filters: Filter) -> list[tuple[object, ...]]:
    return rows_of(shop.actor, chosen(dimensions, measures, *filters))


@pytest.fixture
def story(shop: Shop) -> Shop:
    """Two card payments and one by UPI in rupees, one in dollars, a decline, and a refund two days later."""
    first = paid_at(shop, datetime(2026, 5, 4, 6, tzinfo=UTC), 10_000)
    paid_at(shop, datetime(2026, 5, 4, 7, tzinfo=UTC), 2_000)
    paid_at(shop, datetime(2026, 5, 5, 6, tzinfo=UTC), 30_000, token="tok_upi_success")
    paid_at(shop, datetime(2026, 5, 11, 6, tzinfo=UTC), 500, currency="USD")
    paid_at(shop, datetime(2026, 5, 11, 7, tzinfo=UTC), 777, token="tok_insufficient_funds")
    refunded_at(shop, datetime(2026, 5, 6, 6, tzinfo=UTC), first, 3_000)
    count_all(NOW)
    return shop


def test_by_method_with_every_measure(story: Shop) -> None:
    found = rows(story, "method currency", "count volume success_rate refund_rate p95_ms fees")
    assert found == [
        ("card", "INR", 3, 12_000, round(2 / 3, 6), 0.25, 100, 228),
        ("card", "USD", 1, 500, 1.0, 0.0, 100, 10),
        ("upi", "INR", 1, 30_000, 1.0, 0.0, 100, 570),
    ]


def test_amounts_are_split_by_currency_whether_asked_for_or_not(story: Shop) -> None:
    assert chosen("month", "volume").columns == ("month", "currency", "volume")
    assert rows(story, "month", "volume") == [("2026-05", "INR", 42_000), ("2026-05", "USD", 500)]
    assert rows(story, "month", "count") == [("2026-05", 5)]


def test_by_day_week_and_month_at_once(story: Shop) -> None:
    assert rows(story, "week day", "count fees", ("currency", "eq", "INR")) == [
        ("2026-W19", "2026-05-04", "INR", 2, 228),
        ("2026-W19", "2026-05-05", "INR", 1, 570),
        # The day of the refund has no new payment.
        ("2026-W19", "2026-05-06", "INR", 0, 0),
        ("2026-W20", "2026-05-11", "INR", 1, 0),
    ]


def test_by_status(story: Shop) -> None:
    assert rows(story, "status", "count volume") == [
        ("failed", "INR", 1, 0),
        ("succeeded", "INR", 3, 42_000),
        ("succeeded", "USD", 1, 500),
    ]
    assert rows(story, "method", "count", ("status", "eq", "failed")) == [("card", 1)]
    assert rows(story, "method", "count", ("status", "in", "failed,succeeded")) == [("card", 4), ("upi", 1)]


def test_of_a_provider_payments_count_at_their_outcome(story: Shop) -> None:
    paid_at(story, datetime(2026, 5, 12, 7, tzinfo=UTC), 777, token="tok_pending")
    count_all(NOW)
    assert rows(story, "provider", "count") == [("sandbox", 5)]
    assert rows(story, "month", "count") == [("2026-05", 6)]


def test_filters(story: Shop) -> None:
    since, until = ("day", "gte", "2026-05-05"), ("day", "lte", "2026-05-06")
    assert rows(story, "method", "count volume", since, until) == [("card", "INR", 0, 0), ("upi", "INR", 1, 30_000)]
    assert rows(story, "currency", "count", ("method", "in", "upi,wallet")) == [("INR", 1)]
    assert rows(story, "currency", "count", ("country", "eq", "unknown")) == [("INR", 4), ("USD", 1)]
    assert rows(story, "currency", "count", ("country", "eq", "IN")) == []
    assert rows(story, "currency", "count", ("day", "in", "2026-05-04,2026-05-11")) == [("INR", 3), ("USD", 1)]


def test_one_more_payment_changes_the_row(story: Shop) -> None:
    paid_at(story, datetime(2026, 5, 5, 7, tzinfo=UTC), 1, token="tok_upi_success")
    count_all(NOW)
    assert rows(story, "method", "volume", ("method", "eq", "upi")) == [("upi", "INR", 30_001)]


def test_another_merchants_rows_are_none(acquirer: Acquirer, story: Shop) -> None:
    other = Shop(new_merchant("Other"))
    assert rows(other, "month", "count") == []
    paid_at(other, datetime(2026, 5, 5, 7, tzinfo=UTC), 1)
    count_all(NOW)
    assert rows(other, "month", "count") == [("2026-05", 1)]
    assert rows(story, "month", "count") == [("2026-05", 5)]


@pytest.mark.parametrize(
    ("dimensions", "measures", "filters", "told"),
    [
        ("status", "p95_ms", (), "p95_ms"),
        ("day", "success_rate", (("status", "eq", "failed"),), "success_rate"),
        ("day", "count", (("merchant_id", "eq", "x"),), "merchant_id"),
        ("day", "count", (("captured_amount", "gte", "1"),), "captured_amount"),
        ("day", "count", (("method", "gte", "card"),), "method"),
        ("day", "count", (("status", "eq", "refunded"),), "refunded"),
        ("day", "count", (("day", "gte", "yesterday"),), "yesterday"),
        ("day", "count", (("day", "in", "2026-05-01,"),), "is no day"),
        ("day", "count", (("day__year", "eq", "2026"),), "day__year"),
    ],
)
def test_what_the_sums_cannot_tell_is_refused(
    dimensions: str, measures: str, filters: tuple[Filter, ...], told: str
) -> None:
    with pytest.raises(Uncountable) as refused:
        check(chosen(dimensions, measures, *filters))
    assert told in refused.value.message


ASKED = {
    "dimensions": ["week", "method"],
    "measures": ["count", "fees"],
    "start_date": "2026-05-01",
    "end_date": "2026-05-31",
    "filters": [{"field": "currency", "op": "in", "value": "INR,USD"}],
}


def test_what_a_request_and_its_json_choose_is_the_same() -> None:
    form = CustomAsked(data=ASKED)
    form.is_valid(raise_exception=True)
    wanted = chosen("week method", "count fees", ("currency", "in", "INR,USD"))
    assert chosen_of(form.validated_data) == chosen_of(ASKED) == wanted
    assert form.validated_data["format"] == "json"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"dimensions": []}, "dimensions"),
        ({"dimensions": ["day", "day"]}, "dimensions"),
        ({"dimensions": ["merchant_id"]}, "dimensions"),
        ({"measures": ["latency_0"]}, "measures"),
        ({"filters": [{"field": "merchant_id", "op": "eq", "value": "x"}]}, "filters"),
        ({"filters": [{"field": "day", "op": "like", "value": "x"}]}, "filters"),
        ({"filters": [{"field": "day", "op": "eq", "value": "2026-05-01"}] * 11}, "filters"),
        ({"format": "xlsx"}, "format"),
        ({"limit": 5}, "limit"),
    ],
)
def test_only_what_is_listed_can_be_chosen(changed: dict[str, object], pointer: str) -> None:
    form = CustomAsked(data={**ASKED, **changed})
    assert not form.is_valid()
    assert list(form.errors) == [pointer]
