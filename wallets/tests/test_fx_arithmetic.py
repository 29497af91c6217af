"""Exchange in exact amounts: what is taken and given, and who keeps the rounding."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rupai.core.money import MAX_MINOR, UnknownCurrency, currency
from wallets.fx import (
    BASIS,
    MOST_SPREAD,
    AmountNotExchangeable,
    Conversion,
    SameCurrency,
    convert,
    cross,
    inverse,
    with_spread,
    written,
)

pytestmark = pytest.mark.unit

# Currencies with 0, 2, 3 and 4 decimals.
CODES = st.sampled_from(["JPY", "ISK", "INR", "USD", "EUR", "KWD", "BHD", "CLF"])
PAIRS = st.lists(CODES, min_size=2, max_size=2, unique=True)
RATES = st.decimals(min_value=Decimal("0.0000100000"), max_value=Decimal("99999.9999999999"), places=10)
AMOUNTS = st.integers(min_value=1, max_value=10**14)
SPREADS = st.integers(min_value=0, max_value=MOST_SPREAD)


def minor_rate(pair: list[str], rate: Decimal) -> Fraction:
    """Minor units of the target for one minor unit of the source, exactly; apart from the code under test."""
    return Fraction(rate) * Fraction(10) ** (currency(pair[1]).exponent - currency(pair[0]).exponent)


def attempt(amount: int, pair: list[str], rate: Decimal, spread: int, side: str) -> Conversion:
    try:
        return convert(amount=amount, source=pair[0], target=pair[1], rate=rate, spread_bps=spread, side=side)
    except AmountNotExchangeable:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("amount", "pair", "rate", "spread", "expected"),
    [
        # 100.00 USD: 0.50 kept, 99.50 at 83.12.
        (100_00, "USD INR", "83.12", 50, (100_00, 99_50, 50, 8270_44)),
        # 1,000 yen have no decimals: 5 kept, 995 at 0.0058 are 5.771 euros.
        (1_000, "JPY EUR", "0.0058", 50, (1_000, 995, 5, 5_77)),
        # 10.000 dinars have three: 10.000 at 3.2515 are 32.515 dollars.
        (10_000, "KWD USD", "3.2515", 0, (10_000, 10_000, 0, 32_51)),
        # The spread of one cent is one cent, and then nothing is left to convert; of three, two are.
        (3, "USD JPY", "150.5", 1, (3, 2, 1, 3)),
    ],
)
def test_what_is_given_from_the_source(
    amount: int, pair: str, rate: str, spread: int, expected: tuple[int, int, int, int]
) -> None:
    source, target = pair.split()
    found = convert(amount=amount, source=source, target=target, rate=Decimal(rate), spread_bps=spread)
    assert (found.from_amount, found.converted_amount, found.spread_amount, found.to_amount) == expected


def test_what_is_taken_for_a_wanted_target() -> None:
    found = convert(amount=8270_44, source="USD", target="INR", rate=Decimal("83.12"), spread_bps=50, side="to")
    assert (found.from_amount, found.converted_amount, found.spread_amount, found.to_amount) == (
        100_00,
        99_50,
        50,
        8270_44,
    )
    one_more = convert(amount=8270_45, source="USD", target="INR", rate=Decimal("83.12"), spread_bps=50, side="to")
    assert one_more.from_amount == 100_02


@given(amount=AMOUNTS, pair=PAIRS, rate=RATES, spread=SPREADS, side=st.sampled_from(["from", "to"]))
def test_the_parts_are_the_whole_and_the_house_never_loses(
    amount: int, pair: list[str], rate: Decimal, spread: int, side: str
) -> None:
    found = attempt(amount, pair, rate, spread, side)
    exact = minor_rate(pair, rate)
    assert found.converted_amount + found.spread_amount == found.from_amount
    assert found.to_amount <= found.converted_amount * exact <= found.from_amount * exact
    assert found.spread_amount * BASIS >= found.from_amount * spread
    assert (found.spread_amount == 0) == (spread == 0)
    assert (found.from_amount if side == "from" else found.to_amount) == amount


@given(amount=AMOUNTS, pair=PAIRS, rate=RATES, spread=SPREADS)
def test_the_customer_loses_less_than_one_unit_to_each_rounding(
    amount: int, pair: list[str], rate: Decimal, spread: int
) -> None:
    found = attempt(amount, pair, rate, spread, "from")
    assert found.spread_amount - Fraction(amount * spread, BASIS) < 1
    assert found.converted_amount * minor_rate(pair, rate) - found.to_amount < 1


@given(amount=AMOUNTS, pair=PAIRS, rate=RATES, spread=SPREADS)
def test_a_wanted_target_costs_the_least_that_buys_it(amount: int, pair: list[str], rate: Decimal, spread: int) -> None:
    found = attempt(amount, pair, rate, spread, "to")
    assert attempt(found.from_amount, pair, rate, spread, "from").to_amount >= amount
    if found.from_amount > 1:
        try:
            less = convert(
                amount=found.from_amount - 1, source=pair[0], target=pair[1], rate=rate, spread_bps=spread
            ).to_amount
        except AmountNotExchangeable:
            less = 0
        assert less < amount


@given(amount=AMOUNTS, pair=PAIRS, rate=RATES)
def test_there_and_back_again_makes_nobody_richer(amount: int, pair: list[str], rate: Decimal) -> None:
    assume(inverse(rate) > 0)
    there = attempt(amount, pair, rate, 0, "from")
    assert attempt(there.to_amount, pair[::-1], inverse(rate), 0, "from").to_amount <= amount


@given(rate=RATES, other=RATES, spread=SPREADS)
def test_computed_rates_are_never_above_the_exact_ones(rate: Decimal, other: Decimal, spread: int) -> None:
    unit = Fraction(1, 10**18)
    assert 0 <= 1 / Fraction(rate) - Fraction(inverse(rate)) < unit
    assert 0 <= Fraction(other) / Fraction(rate) - Fraction(cross(rate, other)) < unit
    assert 0 <= Fraction(rate) * (BASIS - spread) / BASIS - Fraction(with_spread(rate, spread)) < unit


def test_what_cannot_be_exchanged_is_refused_by_name() -> None:
    with pytest.raises(SameCurrency):
        convert(amount=100, source="INR", target="INR", rate=Decimal(1), spread_bps=0)
    with pytest.raises(UnknownCurrency):
        convert(amount=100, source="XAU", target="INR", rate=Decimal(1), spread_bps=0)
    with pytest.raises(AmountNotExchangeable):
        convert(amount=1, source="INR", target="USD", rate=Decimal("0.012"), spread_bps=0)
    with pytest.raises(AmountNotExchangeable):
        convert(amount=1, source="INR", target="USD", rate=Decimal(5), spread_bps=50)
    with pytest.raises(AmountNotExchangeable):
        convert(amount=MAX_MINOR, source="USD", target="INR", rate=Decimal("83.12"), spread_bps=0)
    with pytest.raises(AmountNotExchangeable):
        convert(amount=MAX_MINOR, source="INR", target="USD", rate=Decimal("0.012"), spread_bps=0, side="to")


@pytest.mark.parametrize(
    ("amount", "rate", "spread"), [(0, "1", 0), (-1, "1", 0), (1, "0", 0), (1, "-2", 0), (1, "1", -1), (1, "1", 1_001)]
)
def test_what_makes_no_sense_is_an_error(amount: int, rate: str, spread: int) -> None:
    with pytest.raises(ValueError):
        convert(amount=amount, source="INR", target="USD", rate=Decimal(rate), spread_bps=spread)


@pytest.mark.parametrize(
    ("rate", "text"),
    [("83.1200", "83.12"), ("83.12", "83.12"), ("100", "100"), ("1E+2", "100"), ("1E-10", "0.0000000001")],
)
def test_a_rate_reads_the_same_however_it_is_stored(rate: str, text: str) -> None:
    assert written(Decimal(rate)) == text
    assert written(Decimal(rate).quantize(Decimal("1E-18"))) == text
