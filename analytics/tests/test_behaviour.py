"""A customer against the own past: figures that one can count, and chances by named tests."""

from datetime import UTC, date, datetime, timedelta

import pytest

from analytics.errors import DateRange, Uncountable
from analytics.selectors.behaviour import Behaviour, Finding
from analytics.selectors.chances import rates_differ, shares_differ
from analytics.selectors.user_behaviour import user_behaviour
from analytics.tests.story import customer_since, written
from payments.models import Payment
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.models import Customer
from rupai.core import clock
from rupai.core.errors import NotFound

pytestmark = pytest.mark.django_db
# In India, the merchant's zone, noon of 11 May; the days asked for are 1 to 10 May.
NOW = datetime(2026, 5, 11, 6, 30, tzinfo=UTC)
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 10)
BEGINNING = datetime(2026, 4, 30, 18, 30, tzinfo=UTC)


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop()


@pytest.fixture
def asha(shop: Shop) -> Customer:
    """A customer for exactly one hundred days before those asked for."""
    return customer_since(shop, BEGINNING - timedelta(days=100))


def days(number: float) -> datetime:
    """So many days after the beginning of those asked for."""
    return BEGINNING + timedelta(days=number)


def asked(shop: Shop, customer: Customer, analysis: str = "spending_patterns") -> Behaviour:
    with clock.at(NOW):
        return user_behaviour(
            actor=shop.actor, customer_id=customer.public_id, start=FIRST, end=LAST, analysis_type=analysis
        )


def by_name(found: Behaviour) -> dict[str, Finding]:
    return {each.name: each for each in found.findings}


def test_spending_against_the_own_past(shop: Shop, asha: Customer) -> None:
    for ago in range(5, 100, 5):
        written(shop, days(-ago), 1_000, customer=asha)
    for after in (1, 2, 3, 4):
        written(shop, days(after), 3_001, customer=asha)
    found = by_name(asked(shop, asha))
    assert found["payments"].value == 4
    # Nineteen in a hundred days are 1.9 in ten.
    assert found["payments"].baseline == 1.9
    assert found["payments"].p_value == pytest.approx(rates_differ(4, 10, 19, 100), abs=1e-6)
    assert (found["amount_spent_INR"].value, found["amount_spent_INR"].baseline) == (12_004, 1_900)
    assert (found["average_payment_INR"].value, found["average_payment_INR"].baseline) == (3_001, 1_000)
    # Four payments are too few for a test by ranks.
    assert found["average_payment_INR"].p_value is None
    # Ten stretches of ten days: nine with 2,000 and one with 1,000, mean 1,900 and deviation 316.23.
    assert found["amount_spent_INR"].z_score == pytest.approx((12_004 - 1_900) / 316.227766, abs=1e-4)


def test_what_was_found_is_described(shop: Shop, asha: Customer) -> None:
    for ago in range(1, 9):
        written(shop, days(-ago), 1_000 + ago, customer=asha)
        written(shop, days(ago), 2_000 + ago, customer=asha)
    found = asked(shop, asha)
    assert (found.sample_size, found.insufficient_data) == (16, False)
    assert "Poisson" in found.method
    assert "Wilcoxon" in found.method
    assert by_name(found)["average_payment_INR"].p_value == pytest.approx(0.000778, abs=1e-6)


def test_one_more_payment_changes_the_figures(shop: Shop, asha: Customer) -> None:
    written(shop, days(1), 500, customer=asha)
    before = by_name(asked(shop, asha))
    written(shop, days(2), 700, customer=asha)
    after = by_name(asked(shop, asha))
    assert (before["amount_spent_INR"].value, after["amount_spent_INR"].value) == (500, 1_200)
    assert (before["payments"].value, after["payments"].value) == (1, 2)


def test_currencies_are_never_added(shop: Shop, asha: Customer) -> None:
    written(shop, days(1), 500, customer=asha)
    written(shop, days(1), 7, customer=asha, currency="USD")
    found = by_name(asked(shop, asha))
    assert (found["amount_spent_INR"].value, found["amount_spent_USD"].value) == (500, 7)


def test_somebody_new_has_no_past_to_be_compared_with(shop: Shop) -> None:
    ravi = customer_since(shop, days(2))
    written(shop, days(3), 900, customer=ravi)
    found = asked(shop, ravi)
    assert by_name(found)["payments"] == Finding("payments", 1)
    assert by_name(found)["amount_spent_INR"] == Finding("amount_spent_INR", 900)
    assert (found.sample_size, found.insufficient_data) == (1, True)
    assert found.method == "counts and sums only"


def test_engagement(shop: Shop, asha: Customer) -> None:
    for ago in range(1, 11):
        written(shop, days(-ago), customer=asha)
    for after in (1, 1.1, 2):
        written(shop, days(after), customer=asha, state="failed")
    written(shop, days(3), customer=asha, method="upi", amount_refunded=10_000)
    found = by_name(asked(shop, asha, "engagement_patterns"))
    assert (found["payments"].value, found["payments"].baseline) == (4, 1.0)
    assert (found["active_days"].value, found["active_days"].baseline) == (3, 1.0)
    assert (found["methods"].value, found["methods"].baseline) == (2, 1)
    assert (found["success_rate"].value, found["success_rate"].baseline) == (0.25, 1.0)
    assert found["success_rate"].p_value == pytest.approx(shares_differ(1, 4, 10, 10), abs=1e-6)
    assert (found["refund_rate"].value, found["refund_rate"].baseline) == (1.0, 0.0)


def test_churn_is_judged_by_the_own_gaps(shop: Shop, asha: Customer) -> None:
    # Every seven days, and nothing for thirty days up to 10 May.
    for ago in (62, 55, 48, 41, 34, 27, 20):
        written(shop, days(-ago + 0.5), customer=asha)
    found = asked(shop, asha, "churn_risk")
    gap = by_name(found)["days_since_last_payment"]
    # Of seven gaps, the present one included, one is as long.
    assert (gap.value, gap.baseline) == (29, 7.0)
    assert gap.p_value == pytest.approx(1 / 7, abs=1e-6)
    assert by_name(found)["share_of_own_gaps_that_were_shorter"].value == 1.0
    assert (found.sample_size, found.insufficient_data) == (7, False)


def test_with_few_gaps_no_chance_is_told(shop: Shop, asha: Customer) -> None:
    written(shop, days(-9), customer=asha)
    written(shop, days(-2), customer=asha)
    found = asked(shop, asha, "churn_risk")
    gap = by_name(found)["days_since_last_payment"]
    assert (gap.value, gap.baseline, gap.p_value) == (11, 7.0, None)
    assert found.insufficient_data


def test_the_days_are_the_merchants(shop: Shop, asha: Customer) -> None:
    written(shop, BEGINNING - timedelta(minutes=1), 1, customer=asha)
    written(shop, BEGINNING, 20, customer=asha)
    written(shop, BEGINNING + timedelta(days=10, minutes=-1), 300, customer=asha)
    written(shop, BEGINNING + timedelta(days=10), 4_000, customer=asha)
    assert by_name(asked(shop, asha))["amount_spent_INR"].value == 320


def test_nothing_is_said_about_days_to_come(shop: Shop, asha: Customer) -> None:
    written(shop, days(1), customer=asha)
    with clock.at(NOW):
        later = user_behaviour(
            actor=shop.actor, customer_id=asha.public_id, start=date(2026, 6, 1), end=date(2026, 6, 30)
        )
    assert (later.findings, later.sample_size, later.insufficient_data) == ([], 0, True)


def test_somebody_who_never_paid(shop: Shop, asha: Customer) -> None:
    for analysis in ("spending_patterns", "engagement_patterns", "churn_risk"):
        found = asked(shop, asha, analysis)
        assert (found.analysis_type, found.findings, found.insufficient_data) == (analysis, [], True)


def test_another_merchants_customer_does_not_exist(shop: Shop, asha: Customer) -> None:
    other = Shop(new_merchant("Other"))
    with pytest.raises(NotFound):
        asked(other, asha)
    written(shop, days(1), 500, customer=asha)
    # A row that another merchant wrote for the same person is not seen, either.
    Payment.objects.filter(customer=asha).update(merchant_id=other.merchant.pk)
    assert asked(shop, asha).sample_size == 0


def test_what_cannot_be_asked(shop: Shop, asha: Customer) -> None:
    with pytest.raises(Uncountable):
        user_behaviour(actor=shop.actor, start=FIRST, end=LAST, customer_id=asha.public_id, segment="new")
    with pytest.raises(Uncountable) as refused:
        user_behaviour(actor=shop.actor, start=FIRST, end=LAST, segment="whales")
    assert "big_spender" in refused.value.hint
    with pytest.raises(DateRange):
        user_behaviour(actor=shop.actor, start=LAST, end=FIRST)
