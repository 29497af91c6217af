"""Insights: every sentence follows from the entries, changes with them, and is absent without enough of them."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from rupai.accounts.tests.factories import new_key
from rupai.core import clock
from rupai.core.errors import NotFound
from wallets.models import Wallet
from wallets.selectors.habits import Movement, habits_in, pattern, runs_out
from wallets.selectors.insights import Insight, insights_of
from wallets.services.accounts import forget_charts
from wallets.services.holds import capture_hold, hold_funds
from wallets.services.transfers import transfer_funds
from wallets.tests.factories import Purse, fund

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ENOUGH = 1_000_000_00


@pytest.fixture
def purse(db: None) -> Purse:
    forget_charts()
    return Purse()


def on(month: int, day: int, hour: int = 9) -> Any:
    return clock.at(datetime(2026, month, day, hour, tzinfo=UTC))


def opened(purse: Purse, amount: int = ENOUGH, *, month: int = 7) -> Wallet:
    with on(month, 1, 0):
        return purse.wallet(amount)


def send(purse: Purse, source: Wallet, target: Wallet, amount: int) -> None:
    transfer_funds(
        actor=purse.actor,
        from_wallet_id=source.public_id,
        to_wallet_id=target.public_id,
        amount=amount,
        currency=source.currency,
    )


def take(purse: Purse, wallet: Wallet, amount: int, reference: str = "") -> None:
    held = hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=amount, reference=reference)
    capture_hold(actor=purse.actor, wallet_id=wallet.public_id, hold_id=held.transfer.public_id)


def told(purse: Purse, wallet: Wallet, code: str) -> list[Insight]:
    found = insights_of(actor=purse.actor, wallet_id=wallet.public_id, at=NOW).found
    return [insight for insight in found if insight.code == code]


def lacking(purse: Purse, wallet: Wallet) -> set[str]:
    return {insight.figures["insight"] for insight in told(purse, wallet, "insufficient_history")}


def test_this_month_is_held_against_the_median_of_three(purse: Purse) -> None:
    wallet, other = opened(purse), opened(purse, 0)
    for month, amount in [(8, 300_00), (9, 100_00), (10, 250_00), (11, 80_00)]:
        with on(month, 10):
            send(purse, wallet, other, amount)
    with on(11, 11):
        take(purse, wallet, 20_00)
    [total] = told(purse, wallet, "spending_this_month")
    assert total.figures == {
        "month": "2026-11",
        "amount": 100_00,
        "median": 250_00,
        "months": [
            {"month": "2026-08", "amount": 300_00},
            {"month": "2026-09", "amount": 100_00},
            {"month": "2026-10", "amount": 250_00},
        ],
    }
    assert "INR 100.00 in November" in total.text
    assert "INR 250.00" in total.text
    kinds = {each.figures["kind"]: each.figures for each in told(purse, wallet, "spending_by_kind")}
    assert {kind: (each["amount"], each["median"]) for kind, each in kinds.items()} == {
        "wallet_transfer": (80_00, 250_00),
        "wallet_hold": (20_00, 0),
    }
    assert kinds["wallet_transfer"]["counterparty"] == "customer_wallet"
    assert kinds["wallet_hold"]["counterparty"] == "merchant_payable"


def test_one_more_entry_changes_the_sentence(purse: Purse) -> None:
    wallet, other = opened(purse), opened(purse, 0)
    with on(10, 10):
        send(purse, wallet, other, 90_00)
    before = told(purse, wallet, "spending_this_month")
    with on(11, 19):
        send(purse, wallet, other, 1)
    [after] = told(purse, wallet, "spending_this_month")
    assert [after.figures["amount"]] == [each.figures["amount"] + 1 for each in before]
    assert [after.text] != [each.text for each in before]


def test_months_are_those_of_the_merchants_zone(purse: Purse) -> None:
    wallet, other = opened(purse), opened(purse, 0)
    # Midnight in India is at half past six in the evening.
    assert purse.merchant.timezone == "Asia/Kolkata"
    with clock.at(datetime(2026, 10, 31, 18, 29, tzinfo=UTC)):
        send(purse, wallet, other, 5_00)
    with clock.at(datetime(2026, 10, 31, 18, 31, tzinfo=UTC)):
        send(purse, wallet, other, 7_00)
    [total] = told(purse, wallet, "spending_this_month")
    assert (total.figures["amount"], total.figures["months"][-1]["amount"]) == (7_00, 5_00)


def test_a_young_wallet_has_too_little_history(purse: Purse) -> None:
    with on(7, 30):
        early = purse.wallet(100_00)
    with on(8, 2):
        late = purse.wallet(100_00)
    young = opened(purse, month=11)
    assert "spending" not in lacking(purse, early)
    assert "spending" in lacking(purse, late)
    assert lacking(purse, young) == {"spending", "recurring_payment", "low_balance"}
    never = purse.wallet()
    assert [each.code for each in insights_of(actor=purse.actor, wallet_id=never.public_id, at=NOW).found] == [
        "insufficient_history"
    ] * 3


def test_what_is_held_or_released_is_not_spent(purse: Purse) -> None:
    wallet = opened(purse)
    with on(11, 12):
        hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=50_00)
    [total] = told(purse, wallet, "spending_this_month")
    assert total.figures["amount"] == 0


def test_rent_comes_again(purse: Purse) -> None:
    wallet, landlord, friend = opened(purse), opened(purse, 0), opened(purse, 0)
    for month, amount in [(8, 100_00), (9, 105_00), (10, 110_00)]:
        with on(month, 31 if month != 9 else 30):
            send(purse, wallet, landlord, amount)
    for month in (9, 11):
        with on(month, 3):
            send(purse, wallet, friend, 40_00)
    [rent] = told(purse, wallet, "recurring_payment")
    assert rent.figures == {
        "kind": "wallet_transfer",
        "about": landlord.public_id,
        "every": "month",
        "times": 3,
        "amount": 105_00,
        "last_on": "2026-10-31",
        "next_on": "2026-11-30",
    }
    assert "INR 105.00 every month" in rent.text


def test_a_subscription_is_known_by_the_pattern_of_its_reference(purse: Purse) -> None:
    wallet = opened(purse)
    for number, day in enumerate((1, 8, 15), 1):
        with on(11, day):
            take(purse, wallet, 9_00, f"tea box {number}")
        with on(11, day):
            take(purse, wallet, 9_00, f"{secrets.choice('abcdef') * number} once")
    [weekly] = told(purse, wallet, "recurring_payment")
    assert (weekly.figures["about"], weekly.figures["every"]) == ("tea box #", "week")
    assert weekly.figures["next_on"] == "2026-11-22"


def salary(wallet: Wallet) -> None:
    for month in (8, 9, 10):
        with on(month, 25):
            fund(wallet, 1_000_00)


def test_the_money_is_gone_before_the_next_income(purse: Purse) -> None:
    wallet, shop = opened(purse, 100_00), opened(purse, 0)
    salary(wallet)
    with on(11, 2):
        send(purse, wallet, shop, 3_000_00)
    # 100.00 are left, the pace is 100.00 a day: nothing is left after one day.
    [low] = told(purse, wallet, "low_balance")
    assert low.figures["runs_out_on"] == "2026-11-21"
    assert (low.figures["available"], low.figures["spent"], low.figures["spent_per_day"]) == (
        100_00,
        3_000_00,
        100_00,
    )
    assert (low.figures["income"]["next_on"], low.figures["income"]["amount"]) == ("2026-11-25", 1_000_00)
    with on(11, 3):
        fund(wallet, 300_00)
    assert told(purse, wallet, "low_balance")[0].figures["runs_out_on"] == "2026-11-24"
    with on(11, 3):
        fund(wallet, 1_00)
    assert told(purse, wallet, "low_balance") == []
    assert "low_balance" not in lacking(purse, wallet)


def test_a_stranger_sees_no_insights(purse: Purse) -> None:
    wallet = opened(purse)
    with pytest.raises(NotFound):
        insights_of(actor=Purse().actor, wallet_id=wallet.public_id, at=NOW)


def test_the_rest_door_tells_the_same(purse: Purse) -> None:
    wallet, other = opened(purse), opened(purse, 0)
    with on(11, 3):
        send(purse, wallet, other, 12_34)
    http = APIClient()
    with clock.at(NOW):
        http.credentials(HTTP_AUTHORIZATION=f"Bearer {new_key(purse.merchant).secret}")
        answer = http.get(f"/api/v1/wallets/{wallet.public_id}/insights")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["wallet_id"], body["currency"], body["timezone"]) == (wallet.public_id, "INR", "Asia/Kolkata")
    expected = insights_of(actor=purse.actor, wallet_id=wallet.public_id, at=NOW).found
    assert body["insights"] == [{"code": e.code, "text": e.text, "figures": e.figures} for e in expected]
    assert body["insights"][0]["figures"]["amount"] == 12_34


TODAY = date(2026, 11, 20)


def paid(days: list[date], *amounts: int) -> list[Movement]:
    sizes = amounts or (100,) * len(days)
    return [Movement(day=day, amount=size, kind="fx", party="w") for day, size in zip(days, sizes, strict=True)]


def weeks(*ago: int) -> list[date]:
    return [TODAY - timedelta(days=days) for days in ago]


@pytest.mark.parametrize(
    "movements",
    [
        paid(weeks(7, 14)),
        paid(weeks(7, 12, 17)),
        paid(weeks(30, 37, 44)),
        paid(weeks(7, 14, 21), 100, 100, 111),
        paid(weeks(1, 2, 3)),
    ],
    ids=["too few", "too close", "ended", "too different", "daily"],
)
def test_what_is_no_habit(movements: list[Movement]) -> None:
    assert habits_in(movements, today=TODAY) == []


def test_what_is_a_habit() -> None:
    [habit] = habits_in(paid(weeks(7, 14, 21), 100, 105, 110), today=TODAY)
    assert (habit.every, habit.amount, habit.next) == ("week", 105, TODAY)
    # Something irregular long ago does not hide the latest run.
    [habit] = habits_in(paid(weeks(7, 14, 21, 60)), today=TODAY)
    assert len(habit.runs) == 3
    [habit] = habits_in(paid([date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]), today=TODAY)
    ahead = habit.following()
    assert [next(ahead) for _ in range(4)] == [
        date(2026, 11, 30),
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 2, 28),
    ]


def test_expected_payments_bring_the_end_nearer() -> None:
    [habit] = habits_in(paid(weeks(5, 12, 19)), today=TODAY)
    until = TODAY + timedelta(days=10)
    assert habit.next == TODAY + timedelta(days=2)
    without = runs_out(available=100, spent=300, days=30, habits=[], today=TODAY, until=until)
    assert without is None
    end = runs_out(available=100, spent=300, days=30, habits=[habit], today=TODAY, until=until)
    assert end is not None
    assert (end.on, end.expected) == (TODAY + timedelta(days=2), 100)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("rent 2026-11", "rent #-#"), ("pay_0000000000000000000001", "pay_"), ("", ""), ("order/77", "order/#")],
)
def test_patterns_of_references(reference: str, expected: str) -> None:
    assert pattern(reference) == expected
