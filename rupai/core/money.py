"""Money: whole minor units of one ISO 4217 currency. A float never touches an amount."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from rupai.core.currencies import CURRENCIES, Currency
from rupai.core.errors import InvalidInput

# The greatest integer that every JSON reader keeps exactly.
MAX_MINOR = 9_007_199_254_740_991
_DECIMAL = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]{1,4}))?")


class UnknownCurrency(InvalidInput):
    code = "unknown_currency"
    hint = "Use an upper-case ISO 4217 code with a minor unit, such as INR, USD or JPY."


class InvalidAmount(InvalidInput):
    code = "invalid_amount"


class CurrencyMismatch(InvalidInput):
    code = "currency_mismatch"


def currency(code: str) -> Currency:
    """Look up a payable currency.

    :raises UnknownCurrency: for codes that do not exist or have no minor unit.
    """
    try:
        return CURRENCIES[code]
    except KeyError:
        raise UnknownCurrency(f"{code!r} is not a currency that can be paid in") from None


def _round_half_away(numerator: int, denominator: int) -> int:
    quotient, remainder = divmod(abs(numerator), denominator)
    magnitude = quotient + (1 if 2 * remainder >= denominator else 0)
    return magnitude if numerator >= 0 else -magnitude


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole minor units, e.g. ``Money(10000, "INR")`` is 100.00 rupees."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise InvalidAmount(f"An amount is a whole number of minor units, not {self.minor!r}")
        currency(self.currency)

    @classmethod
    def from_decimal(cls, text: str, code: str) -> Self:
        """Read a decimal string as people write it in forms and files.

        :raises InvalidAmount: on anything but digits with at most the currency's number of decimals.
        """
        exponent = currency(code).exponent
        found = _DECIMAL.fullmatch(text.strip())
        decimals = (found[3] or "") if found else ""
        if not found or len(decimals) > exponent:
            raise InvalidAmount(
                f"{text!r} is no amount in {code}", hint=f"Write digits with at most {exponent} decimals."
            )
        minor = int(found[2] + decimals.ljust(exponent, "0"))
        return cls(-minor if found[1] else minor, code)

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal()}"

    def decimal(self) -> str:
        """Write the amount with the currency's decimals, e.g. ``100.00``."""
        exponent = currency(self.currency).exponent
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def share(self, *, basis_points: int) -> "Money":
        """Take a share in hundredths of a per cent, rounded once, half away from zero."""
        return Money(_round_half_away(self.minor * basis_points, 10_000), self.currency)

    def split(self, weights: Sequence[int]) -> "list[Money]":
        """Split by weights with the largest remainder; the parts add up exactly and ties go to the earlier part.

        :raises ValueError: when a weight is negative or all are zero.
        """
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise ValueError("Weights must not be negative and must have a sum above zero")
        sign = -1 if self.minor < 0 else 1
        shares = [divmod(abs(self.minor) * weight, total) for weight in weights]
        parts = [quotient for quotient, _ in shares]
        by_remainder = sorted(range(len(weights)), key=lambda index: (-shares[index][1], index))
        for index in by_remainder[: abs(self.minor) - sum(parts)]:
            parts[index] += 1
        return [Money(sign * part, self.currency) for part in parts]
