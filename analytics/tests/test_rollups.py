"""The sums are what one would count in the rows, however often and in whatever pieces the log is read."""

import random
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db.models import Count, F, Sum
from django.db.models.functions import Trunc

from analytics.models import COUNTERS, LATENCIES, DaySums, HourSums, MinuteSums
from analytics.services import rollups
from compliance.audit import sequencer
from payments.models import Attempt, Capture, Payment, PaymentMethod, Refund, RiskDecision
from payments.sandbox.acquirer import Acquirer
from payments.services.cancel import cancel_payment
from payments.services.capture import capture_payment
from payments.services.refund import refund_payment
from payments.states import TransferState
from payments.tests.factories import Shop, new_merchant
from rupai.core import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
START = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)
TOKENS = ["tok_visa", "tok_visa", "tok_mastercard_de", "tok_upi_success", "tok_insufficient_funds", "tok_do_not_honor"]


def a_week(shops: list[Shop], *, seed: int = 3, count: int = 60) -> None:
    """Payments of all kinds over a week: some captured in parts or later, some refunded on another day."""
    chance = random.Random(seed)
    moment = START
    for number in range(count):
        shop = chance.choice(shops)
        moment += timedelta(minutes=chance.randint(5, 300))
        with clock.at(moment):
            manual = number % 3 == 0
            currency = chance.choice(["INR", "INR", "USD"])
            payment = shop.pay(
                chance.randint(100, 90_000),
                token=chance.choice(TOKENS),
                currency=currency,
                capture="manual" if manual else "automatic",
            )
        with clock.at(moment + timedelta(hours=chance.randint(1, 40))):
            _afterwards(shop, payment, chance)


def _afterwards(shop: Shop, payment: Payment, chance: random.Random) -> None:
    name, actor = payment.public_id, shop.actor
    if payment.state == "authorized":
        if chance.random() < 0.3:
            cancel_payment(actor=actor, payment_id=name)
            return
        part = payment.amount // 3
        capture_payment(actor=actor, payment_id=name, amount=part)
        capture_payment(actor=actor, payment_id=name, amount=part)
    payment = Payment.objects.get(pk=payment.pk)
    if payment.refundable > 2 and chance.random() < 0.5:
        refund_payment(actor=actor, payment_id=name, amount=payment.refundable // 2)


def read() -> None:
    sequencer.sequence()
    rollups.catch_up()


def contents(table: Any) -> set[tuple[Any, ...]]:
    return set(table.objects.values_list(*table.keys, *COUNTERS))


def counted(rows: Any, merchant: str, at: str, zone: ZoneInfo, **figures: Any) -> dict[tuple[Any, ...], dict[str, int]]:
    """Group rows by merchant, day in a zone, and currency, as a live query would."""
    day = Trunc(at, "day", tzinfo=zone)
    found: Any = (
        rows.annotate(at_day=day, of=F(merchant)).values("of", "at_day", "livemode", "currency").annotate(**figures)
    )
    return {
        (row["of"], row["at_day"].date(), row["livemode"], row["currency"]): {name: row[name] for name in figures}
        for row in found
    }


def summed(*names: str) -> dict[tuple[Any, ...], dict[str, int]]:
    rows: Any = DaySums.objects.values("merchant_id", "day", "livemode", "currency").annotate(
        **{f"sum_{name}": Sum(name) for name in names}
    )
    found = {
        (row["merchant_id"], row["day"], row["livemode"], row["currency"]): {n: row[f"sum_{n}"] for n in names}
        for row in rows
    }
    return {key: sums for key, sums in found.items() if any(sums.values())}


def quietly(done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""


@pytest.fixture
def shops(acquirer: Acquirer) -> list[Shop]:
    return [Shop(), Shop(new_merchant("Tea House", timezone="Asia/Kolkata"))]


def test_days_are_what_a_live_query_counts(shops: list[Shop]) -> None:
    a_week(shops)
    read()
    zone = ZoneInfo("Asia/Kolkata")
    created = counted(
        Payment.objects.all(),
        "merchant_id",
        "created_at",
        zone,
        created_count=Count("pk"),
        created_amount=Sum("amount"),
    )
    assert len(created) > 20
    assert summed("created_count", "created_amount") == created
    taken = Capture.objects.filter(state=TransferState.SUCCEEDED).annotate(currency=F("payment__currency"))
    assert summed("captured_count", "captured_amount", "fee_amount") == counted(
        taken,
        "merchant_id",
        "updated_at",
        zone,
        captured_count=Count("pk"),
        captured_amount=Sum("amount"),
        fee_amount=Sum("fee"),
    )
    assert taken.aggregate(Sum("fee"))["fee__sum"] > 0
    refunded = Refund.objects.filter(state=TransferState.SUCCEEDED)
    assert refunded.count() > 5
    assert summed("refunded_count", "refunded_amount") == counted(
        refunded, "merchant_id", "updated_at", zone, refunded_count=Count("pk"), refunded_amount=Sum("amount")
    )


def test_outcomes_and_latencies_are_those_of_the_attempts(shops: list[Shop]) -> None:
    a_week(shops)
    read()
    sums = DaySums.objects.aggregate(
        *[Sum(name) for name in ("succeeded_count", "failed_count", "held_count", *LATENCIES)]
    )
    failed = Payment.objects.filter(state="failed").count()
    good = Payment.objects.filter(amount_authorized__gt=0).count()
    assert failed > 5
    assert (sums["succeeded_count__sum"], sums["failed_count__sum"]) == (good, failed)
    assert sums["held_count__sum"] == RiskDecision.objects.filter(verdict__in=["review", "block"]).count()
    decided = Attempt.objects.filter(milliseconds__isnull=False).values("payment").distinct().count()
    assert sum(sums[f"{name}__sum"] for name in LATENCIES) == decided


def test_the_pieces_in_which_the_log_is_read_make_no_difference(
    shops: list[Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_BATCH", 7)
    a_week(shops, count=30)
    read()
    in_pieces = [contents(table) for table in (DaySums, HourSums, MinuteSums)]
    monkeypatch.setattr(rollups, "_BATCH", 1000)
    told: list[tuple[int, int]] = []
    count = rollups.rebuild(progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (count, count)
    assert [contents(table) for table in (DaySums, HourSums, MinuteSums)] == in_pieces


def test_reading_again_adds_nothing(shops: list[Shop]) -> None:
    shops[0].pay(500)
    read()
    before = contents(DaySums)
    read()
    assert contents(DaySums) == before
    assert DaySums.objects.aggregate(Sum("captured_amount"))["captured_amount__sum"] == 500


def test_a_day_is_the_merchants_day(acquirer: Acquirer) -> None:
    india, berlin = Shop(), Shop(new_merchant("Kiosk", timezone="Europe/Berlin"))
    with clock.at(datetime(2026, 3, 1, 20, 0, tzinfo=UTC)):
        india.pay(100)
        berlin.pay(100)
    read()
    days = dict(DaySums.objects.filter(captured_count=1).values_list("merchant_id", "day"))
    assert days[india.merchant.pk].isoformat() == "2026-03-02"
    assert days[berlin.merchant.pk].isoformat() == "2026-03-01"


def test_each_capture_counts_with_its_own_fee(shop: Shop) -> None:
    manual = shop.pay(10_000, capture="manual")
    capture_payment(actor=shop.actor, payment_id=manual.public_id, amount=1_000)
    read()
    assert DaySums.objects.aggregate(Sum("fee_amount"))["fee_amount__sum"] == 19
    capture_payment(actor=shop.actor, payment_id=manual.public_id, amount=2_050)
    read()
    # 38.95 is rounded by itself: of both together it would be 58.
    assert DaySums.objects.aggregate(Sum("fee_amount"))["fee_amount__sum"] == 19 + 39
    rollups.rebuild(progress=quietly)
    assert DaySums.objects.aggregate(Sum("fee_amount"))["fee_amount__sum"] == 19 + 39


def test_a_refund_counts_in_the_country_of_the_card(shop: Shop) -> None:
    paid = shop.pay(10_000)
    PaymentMethod.objects.filter(customer=shop.customer).update(country="DE")
    refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=300)
    read()
    sums = DaySums.objects.filter(country="DE").aggregate(Sum("captured_amount"), Sum("refunded_amount"))
    assert sums == {"captured_amount__sum": 10_000, "refunded_amount__sum": 300}


def test_minutes_are_kept_for_two_days(shop: Shop) -> None:
    now = clock.now()
    with clock.at(now - timedelta(hours=47)):
        shop.pay(100)
    with clock.at(now - timedelta(hours=49)):
        shop.pay(900)
    read()
    assert MinuteSums.objects.aggregate(Sum("captured_amount"))["captured_amount__sum"] == 100
    with clock.at(now + timedelta(hours=2)):
        assert rollups.forget_minutes() > 0
    assert not MinuteSums.objects.exists()
    assert DaySums.objects.aggregate(Sum("captured_amount"))["captured_amount__sum"] == 1000


def test_sums_without_fees_are_made_anew_after_the_migration(shop: Shop) -> None:
    shop.pay(10_000)
    read()
    tables = (DaySums, HourSums, MinuteSums)
    before = [contents(table) for table in tables]
    for table in tables:
        table.objects.update(fee_amount=0)
    import_module("analytics.migrations.0003_count_again").count_again(apps, None)
    assert not DaySums.objects.exists()
    assert rollups.lag()[0] > 0
    rollups.catch_up()
    assert [contents(table) for table in tables] == before


def test_the_lag_is_told(shop: Shop) -> None:
    shop.pay(100)
    sequencer.sequence()
    behind, _ = rollups.lag()
    assert behind > 0
    rollups.catch_up()
    assert rollups.lag() == (0, None)
    shop.pay(200)
    sequencer.sequence()
    left, counted_to = rollups.lag()
    assert left > 0
    assert counted_to is not None
