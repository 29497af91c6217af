"""What a source of exchange rates gives, wherever it read them: the rates of some days, each with its price."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from rupai.core.errors import InvalidInput


class RatesRefused(InvalidInput):
    """A file of rates is not what it should be; ``details["line"]`` says where."""

    code = "rates_refused"
    hint = "Nothing was imported. Mend the line, or fetch the file again."


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one major unit of ``base`` in major units of ``quote``, from the first moment (UTC) of a day."""

    day: date
    base: str
    quote: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """All prices of one file, and the codes that were left out because nothing can be paid in them."""

    source: str
    prices: tuple[Price, ...]
    left_out: tuple[str, ...] = ()
