"""Arithmetic of foreign exchange: whole minor units in, whole minor units out, every rounding in the house's favour.

A rate is the price of one major unit of the source currency in major units of the target. The spread is taken in the
source currency, as an amount of its own; what is left of the source is converted at the mid rate. Rates are taken as
the exact fractions that they are, so that nothing is rounded but the three amounts, each once.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal
from typing import ClassVar

from rupai.core.errors import DomainError, InvalidInput
from rupai.core.money import MAX_MINOR, currency

# Hundredths of a per cent. At the limit a tenth is kept; anything above it is a typing error.
BASIS = 10_000
MOST_SPREAD = 1_000
# Decimals of a rate that was computed rather than given, such as the inverse of another.
PLACES = Decimal(1).scaleb(-18)
# Wide enough that a product or quotient of given rates is cut once, downwards, and never anywhere else.
_WIDE = Context(prec=60, rounding=ROUND_DOWN)


class SameCurrency(InvalidInput):
    code = "same_currency"
    hint = "Exchange needs two currencies; within one, use a transfer."


class AmountNotExchangeable(DomainError):
    code: ClassVar[str] = "amount_not_exchangeable"
    hint = "Send an amount that is at least one minor unit in both currencies, and not above 2^53 - 1 in either."


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What an exchange takes and gives, in minor units: ``from_amount`` is ``converted_amount`` and ``spread_amount``.

    ``to_amount`` is in the target currency, the others in the source currency.
    """

    from_amount: int
    converted_amount: int
    spread_amount: int
    to_amount: int


def convert(*, amount: int, source: str, target: str, rate: Decimal, spread_bps: int, side: str = "from") -> Conversion:
    """Work out an exchange at a mid rate, from what is given (``side="from"``) or what is wanted (``"to"``).

    ``amount`` is in minor units of that side's currency. The other side is the most that the house can give, or the
    least that it can take.

    :raises SameCurrency: when there is nothing to exchange.
    :raises UnknownCurrency: for a currency that cannot be paid in.
    :raises AmountNotExchangeable: when one side would be nothing, or more than JSON keeps exactly.
    :raises ValueError: on an amount or rate that is not above zero, or a spread outside 0 to ``MOST_SPREAD``.
    """
    if type(amount) is not int or amount <= 0 or rate <= 0 or not 0 <= spread_bps <= MOST_SPREAD:
        raise ValueError(f"Cannot convert {amount!r} at {rate} with a spread of {spread_bps}")
    multiplier, divisor = _ratio(source, target, rate)
    if side == "to":
        needed = -(-amount * divisor // multiplier)
        given = -(-needed * BASIS // (BASIS - spread_bps))
    else:
        given = amount
    spread = -(-given * spread_bps // BASIS)
    converted = given - spread
    taken = amount if side == "to" else converted * multiplier // divisor
    if not 0 < taken <= MAX_MINOR or not 0 < given <= MAX_MINOR:
        raise AmountNotExchangeable(
            f"{amount} minor units of {source if side == 'from' else target} cannot be exchanged "
            f"from {source} into {target}"
        )
    return Conversion(from_amount=given, converted_amount=converted, spread_amount=spread, to_amount=taken)


def inverse(rate: Decimal) -> Decimal:
    """The rate of the other direction, cut downwards: the house gives no more than the exact one would."""
    return _cut(_WIDE.divide(Decimal(1), rate))


def cross(source_rate: Decimal, target_rate: Decimal) -> Decimal:
    """The rate between two currencies from the prices of one third unit in each, cut downwards."""
    return _cut(_WIDE.divide(target_rate, source_rate))


def with_spread(rate: Decimal, spread_bps: int) -> Decimal:
    """The rate that the customer is told: the mid rate less the spread, cut downwards."""
    return _cut(_WIDE.divide(_WIDE.multiply(rate, Decimal(BASIS - spread_bps)), Decimal(BASIS)))


def written(rate: Decimal) -> str:
    """A rate as its digits, without zeros at the end: however it was stored, it always reads the same."""
    digits = f"{rate:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _cut(rate: Decimal) -> Decimal:
    return rate.quantize(PLACES, context=_WIDE)


def _ratio(source: str, target: str, rate: Decimal) -> tuple[int, int]:
    """The rate between minor units as a fraction."""
    shift = currency(target).exponent - currency(source).exponent
    if source == target:
        raise SameCurrency(f"{source} is exchanged into {target}")
    numerator, denominator = rate.as_integer_ratio()
    return (numerator * 10**shift, denominator) if shift >= 0 else (numerator, denominator * 10**-shift)
