"""Who is in a segment, and what its customers did against their own past."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.selectors.behaviour import Behaviour
from analytics.selectors.user_behaviour import user_behaviour
from analytics.tests.story import customer_since, written
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.models import Customer
from rupai.core import clock

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 11, 6, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 10)
BEGINNING = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


def pays(shop: Shop, *payments: tuple[float, int], currency: str = "INR") -> Customer:
    """A customer who pays amounts, each so many days after the beginning of those asked for."""
    customer = customer_since(shop, BEGINNING - timedelta(days=300))
    for after, amount in payments:
        written(shop, BEGINNING + timedelta(days=after), amount, customer=customer, currency=currency)
    return customer


def asked(shop: Shop, segment: str | None = None, analysis: str = "spending_patterns") -> Behaviour:
    with clock.at(NOW):
        return user_behaviour(actor=shop.actor, segment=segment, start=FIRST, end=LAST, analysis_type=analysis)


def values(shop: Shop, segment: str | None = None, analysis: str = "spending_patterns") -> dict[str, float]:
    return {each.name: each.value for each in asked(shop, segment, analysis).findings}


@pytest.fixture
def people(shop: Shop) -> Shop:
    pays(shop, (1, 100))  # new
    pays(shop, (-10, 200), (2, 250))  # active before, and still
    pays(shop, (-20, 300))  # active before, not any more
    pays(shop, (-120, 4_000), (-100, 5_000))  # lapsed, and the greatest spender
    pays(shop, (-120, 600), (3, 650))  # lapsed, and back
    return shop


@pytest.mark.parametrize(
    ("segment", "customers", "who_paid", "payments", "spent"),
    [
        ("everyone", 5, 3, 3, 1_000),
        ("new", 1, 1, 1, 100),
        ("active", 2, 1, 1, 250),
        ("lapsed", 2, 1, 1, 650),
        ("big_spender", 1, 0, 0, 0),
    ],
)
def test_who_is_in_a_segment(
    people: Shop, segment: str, customers: int, who_paid: int, payments: int, spent: int
) -> None:
    found = values(people, segment)
    assert (found["customers"], found["customers_who_paid"]) == (customers, who_paid)
    assert (found["payments"], found["amount_spent_INR"]) == (payments, spent)


def test_without_a_segment_it_is_everyone(people: Shop) -> None:
    assert asked(people).findings == asked(people, "everyone").findings


def test_the_baseline_is_that_of_as_many_days(people: Shop) -> None:
    found = {each.name: each for each in asked(people, "everyone").findings}
    # The first payment of all was 120 days before: five of them, and 10,100 in all, so a twelfth of it in ten days.
    assert found["payments"].baseline == round(5 / 12, 4)
    assert found["amount_spent_INR"].baseline == 842
    assert found["average_payment_INR"].value == 333
    assert found["average_payment_INR"].baseline == 2_020
    # Whoever is in a segment for the payments that would be tested is not tested.
    assert all(each.p_value is None and each.z_score is None for each in found.values())


def test_the_rule_is_named(people: Shop) -> None:
    assert "not in the last 90 days" in asked(people, "lapsed").method
    assert asked(people, "lapsed").sample_size == 4


def test_the_tenth_is_drawn_in_each_currency(people: Shop) -> None:
    pays(people, (-50, 7), (1, 8), currency="USD")
    found = values(people, "big_spender")
    assert (found["customers"], found["amount_spent_USD"], found["amount_spent_INR"]) == (2, 8, 0)


def test_engagement_of_a_segment(people: Shop) -> None:
    customer = pays(people, (4, 100))
    written(people, BEGINNING + timedelta(days=5), customer=customer, state="failed")
    found = values(people, "new", "engagement_patterns")
    assert found["success_rate"] == round(2 / 3, 6)
    assert (found["payments_per_customer"], found["refund_rate"]) == (1.0, 0.0)


def test_churn_of_a_segment(shop: Shop) -> None:
    # Two who paid each week: one stopped a month ago, the other goes on; a third has too few payments to tell.
    pays(shop, *[(-30 - 7 * number, 100) for number in range(6)])
    pays(shop, *[(8 - 7 * number, 100) for number in range(6)])
    pays(shop, (-200, 100))
    found = {each.name: each for each in asked(shop, "everyone", "churn_risk").findings}
    assert (found["customers"].value, found["customers_with_a_rhythm"].value) == (3, 2)
    assert (found["customers_overdue"].value, found["customers_overdue"].baseline) == (1, round(2 / 6, 6))
    assert (found["share_overdue"].value, found["share_overdue"].baseline) == (0.5, round(1 / 6, 6))


def test_other_merchants_customers_are_none(people: Shop) -> None:
    other = Shop(new_merchant("Other"))
    assert asked(other, "everyone").insufficient_data
    pays(other, (1, 77))
    assert values(other)["amount_spent_INR"] == 77
    assert values(people)["amount_spent_INR"] == 1_000


def test_one_more_payment_changes_the_figures(people: Shop) -> None:
    pays(people, (4, 1))
    assert values(people)["amount_spent_INR"] == 1_001
    assert values(people, "new")["customers"] == 2


@pytest.mark.parametrize("segment", ["everyone", "new", "active", "lapsed", "big_spender"])
def test_nobody_is_too_few(shop: Shop, segment: str) -> None:
    found = asked(shop, segment)
    assert (found.findings, found.sample_size, found.insufficient_data) == ([], 0, True)
