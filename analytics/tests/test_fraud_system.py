"""The whole against the month before, and how well scores told fraud in the past."""

from datetime import timedelta

import pytest

from analytics.selectors.chances import share_is_above
from analytics.selectors.patterns import Pattern, Reason
from analytics.tests.fraud import DAY, HOUR, NOW, given_back, look
from analytics.tests.story import customer_since, judged, written
from payments.models import Payment
from payments.tests.factories import Shop
from rupai.accounts.models import Customer
from rupai.core import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    with clock.at(NOW - 400 * DAY):
        return Shop()


@pytest.fixture
def asha(shop: Shop) -> Customer:
    """A customer of a hundred days."""
    return customer_since(shop, NOW - 100 * DAY)


def test_the_whole_against_the_month_before(shop: Shop, asha: Customer) -> None:
    for number in range(40):
        judged(written(shop, NOW - timedelta(hours=30 + number), customer=asha))
    for number in range(6):
        state = "captured" if number < 2 else "failed"
        judged(written(shop, NOW - timedelta(minutes=number + 1), customer=asha, state=state))
    [found] = look(shop, "system_wide").findings
    chance = share_is_above(4, 6, 0, 40)
    assert found.subject_id == shop.merchant.public_id
    assert found.factors == [Reason("failures_above_usual", round(1 - 3 * chance, 6))]
    assert found.decision == "review"


def test_frauds_above_the_usual(shop: Shop, asha: Customer) -> None:
    for number in range(40):
        written(shop, NOW - timedelta(hours=30 + number), customer=asha)
    for number in range(6):
        paid = written(shop, NOW - timedelta(minutes=number + 1), customer=asha)
        if number < 3:
            given_back(paid)
    [found] = look(shop, "system_wide").findings
    assert [each.name for each in found.factors] == ["fraud_refunds_above_usual"]
    assert found.score == round(1 - 3 * share_is_above(3, 6, 0, 40), 6)


def test_a_calm_day_is_scored_as_calm(shop: Shop, asha: Customer) -> None:
    for number in range(40):
        judged(written(shop, NOW - number * HOUR, customer=asha))
    assert look(shop, "system_wide").findings == [Pattern(shop.merchant.public_id, 0.0, "allow")]


def test_calibration_needs_thirty_frauds_and_thirty_others(shop: Shop, asha: Customer) -> None:
    for number in range(60):
        paid = written(shop, NOW - timedelta(days=20, minutes=number), customer=asha)
        if number < 30:
            # Of thirty frauds ten were scored as high as some others.
            judged(paid, "amount_over_review_limit", score=0.8 if number < 20 else 0.2)
            if number < 29:
                given_back(paid)
        else:
            judged(paid, "amount_over_challenge_limit", score=0.2)
    assert look(shop, "recent_activity").calibration is None
    given_back(Payment.objects.get(created_at=NOW - timedelta(days=20, minutes=29)))
    found = look(shop, "recent_activity").calibration
    assert found is not None
    # Twenty frauds above all others, ten beside all of them: (20 + 5) / 30.
    assert found.auc == round(25 / 30, 6)
    assert found.brier == round((20 * 0.04 + 10 * 0.64 + 30 * 0.04) / 60, 6)
    assert found.evaluated_at == NOW
