"""A wallet's statement as a file: CSV for programs, PDF for people. Oldest entry first."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from rupai.api.streaming import csv_text
from rupai.core.money import Money
from rupai.pages.lists.columns import guarded, plain
from wallets.errors import StatementTooLong
from wallets.models import Entry
from wallets.selectors.days import zone_of
from wallets.selectors.wallets import Statement, balance_after, oldest_first
from wallets.states import Side

HEADINGS = [
    "entry_id",
    "created_at",
    "type",
    "amount",
    "amount_minor",
    "currency",
    "balance_after",
    "kind",
    "reference",
]
# A page holds some fifty lines; more than this is not for reading.
MOST_PRINTED = 2_000
_PIECE = 200
_WIDTHS = (34, 22, 62, 34, 34)
_TITLES = ("Date", "Type", "For", "Amount", "Balance")


def csv_pieces(statement: Statement) -> Iterator[str]:
    """Write the statement as CSV, some lines at a time; no cell is ever read as a formula."""
    currency = statement.wallet.currency
    yield csv_text([HEADINGS])
    entries = oldest_first(statement.entries)
    while piece := list(islice(entries, _PIECE)):
        yield csv_text(_record(entry, currency) for entry in piece)


def _record(entry: Entry, currency: str) -> list[str]:
    signed = _signed(entry)
    # Digits of our own: a minus sign there is a number's.
    amounts = [Money(signed, currency).decimal(), str(signed), currency]
    after = Money(balance_after(entry), currency).decimal()
    texts = [guarded(entry.kind), guarded(entry.reference)]
    return [entry.public_id, plain(entry.created_at), entry.side, *amounts, after, *texts]


def _signed(entry: Entry) -> int:
    return entry.posted_change if entry.side == Side.CREDIT else -entry.posted_change


def pdf(statement: Statement, *, at: datetime) -> bytes:
    """Print the statement; ``at`` is the moment of printing.

    :raises StatementTooLong: over ``MOST_PRINTED`` entries.
    """
    # The library brings fonts and pictures, and loads for seconds: only who prints the first time waits for it.
    from fpdf import FPDF

    entries = list(islice(oldest_first(statement.entries), MOST_PRINTED + 1))
    if len(entries) > MOST_PRINTED:
        raise StatementTooLong(f"A printed statement has at most {MOST_PRINTED} entries", most=MOST_PRINTED)
    wallet, zone = statement.wallet, zone_of(statement.wallet.merchant_id)
    paper = FPDF(format="A4")
    paper.set_creation_date(at)
    paper.set_title(f"Statement of {wallet.public_id}")
    paper.add_page()
    paper.set_font("Helvetica", "B", 14)
    paper.cell(0, 8, "Wallet statement", new_x="LMARGIN", new_y="NEXT")
    paper.set_font("Helvetica", size=9)
    for line in _head(statement, at.astimezone(zone)):
        paper.cell(0, 5, line, new_x="LMARGIN", new_y="NEXT")
    paper.ln(3)
    paper.set_font_size(8)
    with paper.table(col_widths=_WIDTHS, text_align=("LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT"), line_height=5) as table:
        table.row(_TITLES)
        for entry in entries:
            when = f"{entry.created_at.astimezone(zone):%Y-%m-%d %H:%M}"
            after = Money(balance_after(entry), wallet.currency).decimal()
            amount = Money(_signed(entry), wallet.currency).decimal()
            table.row((when, entry.side, _latin(entry.reference or entry.kind), amount, after))
    return bytes(paper.output())


def _head(statement: Statement, printed: datetime) -> list[str]:
    wallet = statement.wallet
    return [
        f"Wallet {wallet.public_id} in {wallet.currency}",
        f"From {_day(statement.start, 'its opening')} to {_day(statement.end, 'today')}, both included",
        f"Opening balance {Money(statement.opening, wallet.currency)}",
        f"Closing balance {Money(statement.closing, wallet.currency)}",
        f"Printed {printed:%Y-%m-%d %H:%M} ({printed.tzinfo})",
    ]


def _day(day: date | None, otherwise: str) -> str:
    return otherwise if day is None else day.isoformat()


def _latin(text: str) -> str:
    """What the printer's own fonts can show; other signs become question marks."""
    return text.encode("latin-1", "replace").decode("latin-1")
