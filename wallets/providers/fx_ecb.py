"""Read the euro foreign exchange reference rates of the European Central Bank: ``eurofxref`` files of one or many days.

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates (format of the XML).
The parser knows no document types, and so no entities: nothing in a file can make it grow or read another file.
"""

import re
from datetime import date
from decimal import Decimal
from typing import NoReturn
from xml.parsers.expat import ExpatError, ParserCreate

from rupai.core.currencies import CURRENCIES
from wallets.providers.fx_sheet import Price, RatesRefused, Sheet

SOURCE = "ecb"
BASE = "EUR"
# All days since 1999 are some 7 MB.
MOST_BYTES = 32 * 1024 * 1024
_VOCABULARY = "http://www.ecb.int/vocabulary/2002-08-01/eurofxref"
_ENVELOPE = "http://www.gesmes.org/xml/2002-08-01 Envelope"
_CUBE = f"{_VOCABULARY} Cube"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CODE = re.compile(r"[A-Z]{3}")
_RATE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10})?")


def read(content: bytes, *, today: date) -> Sheet:
    """Read a whole file; its rates are the prices of one euro.

    :raises RatesRefused: naming the line, when it is no such file, says a thing twice, or is of a day after ``today``.
    """
    if len(content) > MOST_BYTES:
        raise RatesRefused(f"The file has {len(content)} bytes; at most {MOST_BYTES} are read", line=1)
    return _Reader(today).read(content)


class _Reader:
    """Envelope > Cube > Cube of a day > Cube of a currency; whatever else is in the envelope says nothing of rates."""

    def __init__(self, today: date) -> None:
        self._today = today
        self._open: list[str] = []
        self._day: date | None = None
        self._prices: dict[tuple[date, str], Price] = {}
        self._left_out: set[str] = set()
        self._parser = ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, content: bytes) -> Sheet:
        try:
            self._parser.Parse(content, True)
        except ExpatError as error:
            raise RatesRefused(f"Line {error.lineno} is no XML: {error}", line=error.lineno) from None
        if not self._prices:
            self._refuse("the file ends without a rate")
        return Sheet(SOURCE, tuple(self._prices.values()), tuple(sorted(self._left_out)))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        if self._open[0] != _ENVELOPE:
            self._refuse("this is no file of euro reference rates")
        if name != _CUBE:
            return
        depth = len(self._open)
        if self._open[1:] != [_CUBE] * (depth - 1) or depth > 4:
            self._refuse("a Cube stands where none belongs")
        if depth == 3:
            self._day = self._read_day(attributes)
        elif depth == 4:
            self._add(attributes)

    def _end(self, name: str) -> None:
        self._open.pop()

    def _doctype(self, *declaration: object) -> None:
        self._refuse("a document type is declared, which these files have not")

    def _read_day(self, attributes: dict[str, str]) -> date:
        text = attributes.get("time", "")
        if attributes.keys() != {"time"} or not _DAY.fullmatch(text):
            self._refuse(f"a day has a time such as 2026-01-31, not {text[:40]!r}")
        try:
            day = date.fromisoformat(text)
        except ValueError:
            self._refuse(f"there is no day {text}")
        if day > self._today:
            self._refuse(f"{text} has not come yet")
        return day

    def _add(self, attributes: dict[str, str]) -> None:
        code, text = attributes.get("currency", ""), attributes.get("rate", "")
        if attributes.keys() != {"currency", "rate"} or not _CODE.fullmatch(code) or code == BASE:
            self._refuse(f"a rate is of a currency such as USD, not {code[:40]!r}")
        if not _RATE.fullmatch(text) or Decimal(text) <= 0:
            self._refuse(f"{code} costs a number above zero with at most 10 decimals, not {text[:40]!r}")
        assert self._day is not None
        if (self._day, code) in self._prices:
            self._refuse(f"{code} stands twice on {self._day}")
        if code in CURRENCIES:
            self._prices[self._day, code] = Price(self._day, BASE, code, Decimal(text))
        else:
            self._left_out.add(code)

    def _refuse(self, why: str) -> NoReturn:
        line = self._parser.CurrentLineNumber
        raise RatesRefused(f"Line {line}: {why}", line=line)
