"""Money: whole minor units, read and written exactly, split without losing or making any."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rupai.core.currencies import CURRENCIES
from rupai.core.money import MAX_MINOR, CurrencyMismatch, InvalidAmount, Money, UnknownCurrency, currency

pytestmark = pytest.mark.unit
CODES = st.sampled_from(sorted(CURRENCIES))
MINORS = st.integers(min_value=-MAX_MINOR, max_value=MAX_MINOR)
WEIGHTS = st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=20).filter(any)


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_dir / "vectors" / "currency_exponents.json").read_text())
    return found


def test_the_table_is_the_iso_list_without_what_nobody_can_pay(vectors: dict[str, Any]) -> None:
    payable = {row["code"]: row for row in vectors["currencies"] if row["exponent"] is not None}
    assert len(payable) == 165
    assert payable.keys() == CURRENCIES.keys()
    for code, row in payable.items():
        assert CURRENCIES[code] == (code, int(row["numeric"]), row["exponent"])
    for row in vectors["currencies"]:
        if row["exponent"] is None:
            with pytest.raises(UnknownCurrency):
                Money(1, row["code"])


def test_every_conversion_of_the_reference(vectors: dict[str, Any]) -> None:
    for row in vectors["conversions"]:
        money = Money.from_decimal(row["major"], row["currency"])
        assert money.minor == row["minor"], row
        assert money.decimal() == row["major"], row
    for row in vectors["must_reject"]:
        with pytest.raises((InvalidAmount, UnknownCurrency)):
            Money.from_decimal(row["major"], row["currency"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "1.",
        ".5",
        "+1",
        "--1",
        "1,000",
        "1_000",
        "0x10",
        "1e3",
        "inf",
        "NaN",
        "१२",
        "1 0",
        "1.001",
        "1" * 17,
    ],
)
def test_what_is_no_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount):
        Money.from_decimal(text, "INR")


@pytest.mark.parametrize("code", ["", "inr", "XXX", "XAU", "XTS", "ZZZ", "INRR", "İNR"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        currency(code)
    with pytest.raises(UnknownCurrency):
        Money(1, code)


@pytest.mark.parametrize("minor", [1.0, "1", True, None, 1.5])
def test_only_a_whole_number_is_an_amount(minor: Any) -> None:
    with pytest.raises(InvalidAmount):
        Money(minor, "INR")


@given(MINORS, CODES)
def test_what_is_written_is_read_back(minor: int, code: str) -> None:
    money = Money(minor, code)
    text = money.decimal()
    assert len(text.partition(".")[2]) == CURRENCIES[code].exponent
    assert str(money) == f"{code} {text}"
    if len(text.partition(".")[0].lstrip("-")) <= 16:
        assert Money.from_decimal(text, code) == money


def test_currencies_do_not_mix() -> None:
    rupees, yen = Money(100, "INR"), Money(100, "JPY")
    acts: list[Callable[[], object]] = [
        lambda: rupees + yen,
        lambda: rupees - yen,
        lambda: rupees < yen,
        lambda: rupees <= yen,
        lambda: rupees > yen,
        lambda: rupees >= yen,
    ]
    for act in acts:
        with pytest.raises(CurrencyMismatch):
            act()
    assert rupees != yen


@given(MINORS, MINORS)
def test_sums_and_orders_are_those_of_whole_numbers(left: int, right: int) -> None:
    first, second = Money(left, "INR"), Money(right, "INR")
    assert (first + second).minor == left + right
    assert (first - second).minor == left - right
    assert (-first).minor == -left
    assert [first < second, first <= second, first > second, first >= second] == [
        left < right,
        left <= right,
        left > right,
        left >= right,
    ]
    assert bool(first) is bool(left)


@pytest.mark.parametrize(
    ("minor", "basis_points", "share"),
    [
        (10_000, 190, 190),
        (25, 200, 1),
        (24, 200, 0),
        (-25, 200, -1),
        (50, 100, 1),
        (49, 100, 0),
        (1, 10_000, 1),
        (7, 0, 0),
    ],
)
def test_a_share_rounds_half_away_from_zero(minor: int, basis_points: int, share: int) -> None:
    assert Money(minor, "INR").share(basis_points=basis_points) == Money(share, "INR")


@given(MINORS, st.integers(min_value=0, max_value=10_000))
def test_a_share_is_never_off_by_more_than_half_a_unit(minor: int, basis_points: int) -> None:
    share = Money(minor, "INR").share(basis_points=basis_points).minor
    assert abs(share * 10_000 - minor * basis_points) * 2 <= 10_000
    assert Money(-minor, "INR").share(basis_points=basis_points).minor == -share


@given(MINORS, WEIGHTS)
def test_a_split_adds_up_and_each_part_is_off_by_less_than_a_unit(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "INR").split(weights)
    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor * total - minor * weight) < total
        assert part.minor * minor >= 0


def test_a_split_is_fixed_ties_go_to_the_earlier_part() -> None:
    def minors(amount: int, weights: list[int]) -> list[int]:
        return [part.minor for part in Money(amount, "INR").split(weights)]

    assert minors(100, [1, 1, 1]) == [34, 33, 33]
    assert minors(-100, [1, 1, 1]) == [-34, -33, -33]
    assert minors(5, [0, 1, 0, 1]) == [0, 3, 0, 2]
    assert minors(0, [1, 2]) == [0, 0]
    assert minors(10, [1, 2]) == [3, 7]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-1, 2]])
def test_weights_must_share_something_out(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="Weights"):
        Money(100, "INR").split(weights)
