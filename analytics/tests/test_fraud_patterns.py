"""Patterns of fraud: what was found, why, and how sure the figures are. Nothing is ever blocked by looking."""

from datetime import timedelta

import pytest

from analytics.selectors.chances import rate_is_above, share_is_above
from analytics.selectors.fraud import fraud_patterns
from analytics.selectors.patterns import Pattern, Reason
from analytics.tests.fraud import DAY, HOUR, NOW, look
from analytics.tests.story import customer_since, judged, written
from payments.models import Payment, PaymentMethod, RiskDecision
from payments.risk import rules
from payments.tests.factories import Shop, new_merchant, new_method
from rupai.accounts.models import Customer
from rupai.core import clock
from rupai.core.errors import NotFound, ScopeMissing

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    with clock.at(NOW - 400 * DAY):
        return Shop()


@pytest.fixture
def asha(shop: Shop) -> Customer:
    """A customer of a hundred days."""
    return customer_since(shop, NOW - 100 * DAY)


def usual(shop: Shop, customer: Customer, *, amount: int = 1_000, count: int = 10) -> None:
    """Payments of nearly the same amount, a few days apart."""
    for number in range(count):
        written(shop, NOW - (10 + 5 * number) * DAY, amount + 100 * (number % 2), customer=customer)


def paid_from(shop: Shop, customer: Customer, country: str) -> PaymentMethod:
    method = new_method(shop.actor, customer)
    method.country = country
    method.save(update_fields=["country"])
    return method


def test_an_amount_far_above_the_own_past(shop: Shop, asha: Customer) -> None:
    usual(shop, asha)
    large = written(shop, NOW - HOUR, 9_050, customer=asha)
    written(shop, NOW - HOUR, 1_060, customer=asha)
    found = look(shop)
    # Mean 1,050; the deviation of 52.70 is less than a tenth of it, so 105: 76.19 deviations.
    far = (9_050 - 1_050) / 105
    weight = round(far**2 / (1 + far**2), 6)
    assert found.findings == [Pattern(large.public_id, weight, "review", [Reason("amount_above_own_past", weight)])]
    assert (found.scanned, found.threshold, found.model_version) == (2, 0.8, rules.VERSION)


def test_another_currency_or_too_short_a_past_is_no_measure(shop: Shop, asha: Customer) -> None:
    usual(shop, asha, count=4)
    written(shop, NOW - HOUR, 999_999, customer=asha)
    usual(shop, asha)
    written(shop, NOW - 2 * HOUR, 9_999_999, customer=asha, currency="USD")
    with clock.at(NOW - 2 * HOUR):
        assert look(shop, threshold=0.1).findings != []
    alone = customer_since(shop, NOW - DAY)
    strange = written(shop, NOW - HOUR, 999_999, customer=alone)
    assert look(shop, payment_id=strange.public_id).findings == [Pattern(strange.public_id, 0.0, "allow")]


def test_reasons_of_the_rules_and_of_the_past_add_up(shop: Shop, asha: Customer) -> None:
    home, abroad = paid_from(shop, asha, "IN"), paid_from(shop, asha, "XK")
    for number in range(6):
        written(shop, NOW - (10 + number) * DAY, 1_000, customer=asha, payment_method=home)
    for minutes in (10, 20, 30):
        written(shop, NOW - timedelta(minutes=minutes), customer=asha, state="failed")
    strange = written(shop, NOW - timedelta(minutes=5), 1_000, customer=asha, payment_method=abroad)
    judged(strange, "amount_over_review_limit", score=0.6, verdict="review")
    [found] = look(shop, payment_id=strange.public_id).findings
    assert found.factors == [
        Reason("amount_over_review_limit", 0.6),
        Reason("failures_within_the_hour_before", 0.4),
        Reason("country_not_seen_before", 0.3),
    ]
    assert (found.score, found.decision) == (round(1 - 0.4 * 0.6 * 0.7, 6), "review")


def test_a_payment_that_is_named_is_scored_whatever_its_age(shop: Shop, asha: Customer) -> None:
    old = written(shop, NOW - 90 * DAY, customer=asha)
    judged(old, "listed_country", score=1.0, verdict="block")
    [found] = look(shop, payment_id=old.public_id).findings
    assert (found.subject_id, found.score, found.decision) == (old.public_id, 1.0, "deny")


def test_a_customer_is_as_suspicious_as_the_worst_payment(shop: Shop, asha: Customer) -> None:
    usual(shop, asha)
    written(shop, NOW - 2 * HOUR, 1_000, customer=asha)
    large = written(shop, NOW - HOUR, 90_000, customer=asha)
    whole, worst = look(shop, customer_id=asha.public_id).findings
    assert (whole.subject_id, worst.subject_id) == (asha.public_id, large.public_id)
    assert (whole.score, whole.factors) == (worst.score, worst.factors)
    [calm] = look(shop, customer_id=shop.customer.public_id).findings
    assert (calm.subject_id, calm.score, calm.decision) == (shop.customer.public_id, 0.0, "allow")


def test_a_pace_above_the_own(shop: Shop, asha: Customer) -> None:
    for number in range(3):
        written(shop, NOW - (5 + 10 * number) * DAY, customer=asha)
    for number in range(8):
        written(shop, NOW - (number + 1) * HOUR, customer=asha)
    found = look(shop, "velocity")
    chance = rate_is_above(8, 24, 3, 30 * 24)
    weight = round(1 - chance, 6)
    assert found.findings == [Pattern(asha.public_id, weight, "review", [Reason("payments_above_own_pace", weight)])]
    assert found.scanned == 1


def test_of_many_customers_some_are_fast_by_chance(shop: Shop, asha: Customer) -> None:
    for number in range(3):
        written(shop, NOW - (5 + 10 * number) * DAY, customer=asha)
    for number in range(3):
        written(shop, NOW - (number + 1) * HOUR, customer=asha)
    alone = look(shop, "velocity", customer_id=asha.public_id).findings[0].score
    for _ in range(9):
        written(shop, NOW - HOUR, customer=customer_since(shop, NOW - 2 * HOUR))
    among = look(shop, "velocity", threshold=0.0).findings[0]
    chance = rate_is_above(3, 24, 3, 30 * 24)
    assert alone == round(1 - chance, 6)
    assert among.score == round(1 - 10 * chance, 6)


def test_somebody_new_is_held_against_the_others(shop: Shop) -> None:
    for _ in range(20):
        written(shop, NOW - HOUR, customer=customer_since(shop, NOW - 2 * HOUR))
    ring = customer_since(shop, NOW - HOUR)
    for number in range(12):
        state = "failed" if number else "captured"
        written(shop, NOW - timedelta(minutes=number + 1), customer=ring, state=state)
    [found] = look(shop, "velocity").findings
    assert (found.subject_id, found.decision) == (ring.public_id, "review")
    fast, failing = rate_is_above(12, 1, 20, 20) * 21, share_is_above(11, 12, 0, 20) * 21
    assert {each.name: each.weight for each in found.factors} == {
        "payments_above_others": round(1 - fast, 6),
        "failures_above_others": round(1 - failing, 6),
    }


def test_what_the_floor_said_about_a_pace_counts(shop: Shop, asha: Customer) -> None:
    judged(written(shop, NOW - HOUR, customer=asha), "customer_velocity", score=0.4, verdict="challenge")
    judged(written(shop, NOW - 2 * HOUR, customer=asha), "amount_over_block_limit", score=1.0, verdict="block")
    [found] = look(shop, "velocity", threshold=0.4).findings
    assert (found.score, found.decision, found.factors) == (0.4, "review", [Reason("customer_velocity", 0.4)])
    assert look(shop, "velocity").findings == []


def test_recent_activity_is_what_the_rules_decided(shop: Shop, asha: Customer) -> None:
    high, middle, low = (written(shop, NOW - number * HOUR, customer=asha) for number in (1, 2, 3))
    judged(high, "amount_over_block_limit", score=1.0, verdict="block")
    judged(middle, "amount_over_challenge_limit", score=0.3, verdict="challenge")
    judged(low)
    old = written(shop, NOW - 25 * HOUR, customer=asha)
    judged(old, "amount_over_block_limit", score=1.0, verdict="block")
    found = look(shop, "recent_activity", threshold=0.3)
    assert [(each.subject_id, each.score, each.decision) for each in found.findings] == [
        (high.public_id, 1.0, "deny"),
        (middle.public_id, 0.3, "review"),
    ]
    assert found.scanned == 3
    assert len(look(shop, "recent_activity", window_hours=26).findings) == 2
    assert len(look(shop, "recent_activity", threshold=0.0, limit=1).findings) == 1


def test_the_last_decision_counts(shop: Shop, asha: Customer) -> None:
    paid = written(shop, NOW - HOUR, customer=asha)
    judged(paid, "amount_over_block_limit", score=1.0, verdict="block")
    RiskDecision.objects.filter(pk=judged(paid).pk).update(created_at=NOW)
    found = look(shop, "recent_activity", threshold=0.5)
    assert (found.findings, found.scanned) == ([], 1)


@pytest.mark.parametrize("analysis", ["behavioral_anomaly", "velocity", "recent_activity", "system_wide"])
def test_nothing_is_found_where_nothing_is(shop: Shop, analysis: str) -> None:
    found = look(shop, analysis)
    assert (found.findings, found.scanned, found.calibration) == ([], 0, None)


@pytest.mark.parametrize("analysis", ["behavioral_anomaly", "velocity", "recent_activity", "system_wide"])
def test_another_merchants_payments_are_not_looked_at(shop: Shop, analysis: str) -> None:
    other = Shop(new_merchant("Other"))
    strange = written(other, NOW - HOUR, 5)
    judged(strange, "amount_over_block_limit", score=1.0, verdict="block")
    assert look(shop, analysis, threshold=0.0).scanned == 0
    assert look(other, analysis, threshold=0.0).scanned == 1
    with pytest.raises(NotFound):
        look(shop, analysis, payment_id=strange.public_id)
    with pytest.raises(NotFound):
        look(shop, analysis, customer_id=other.customer.public_id)


def test_another_customers_payment_is_none_of_a_customers(shop: Shop, asha: Customer) -> None:
    strange = written(shop, NOW - HOUR)
    with pytest.raises(NotFound):
        look(shop, customer_id=asha.public_id, payment_id=strange.public_id)


def test_looking_changes_nothing(shop: Shop, asha: Customer) -> None:
    strange = written(shop, NOW - HOUR, customer=asha, state="authorized", attempt_state="authorized")
    judged(strange, "amount_over_block_limit", score=1.0, verdict="block")
    before = Payment.objects.values().get(pk=strange.pk)
    for analysis in ("behavioral_anomaly", "velocity", "recent_activity", "system_wide"):
        look(shop, analysis, threshold=0.0)
    assert Payment.objects.values().get(pk=strange.pk) == before


def test_it_needs_the_scope(shop: Shop) -> None:
    actor = type(shop.actor)("key", "k", shop.merchant.pk, False, frozenset({"analytics:read"}))
    with pytest.raises(ScopeMissing):
        fraud_patterns(actor=actor)
