"""A wallet's statement over REST: pages of JSON, CSV and PDF, all of which add up."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rupai.core import clock
from wallets.models import Transfer, Wallet
from wallets.selectors import balance_of
from wallets.selectors.wallets import statement_of, wallet_balance_at
from wallets.services.accounts import forget_charts
from wallets.services.holds import capture_hold, hold_funds
from wallets.services.transfers import transfer_funds
from wallets.tests.caller import Caller
from wallets.tests.factories import Purse, fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


@pytest.fixture
def caller(purse: Purse) -> Caller:
    return Caller(purse)


def busy(purse: Purse) -> Wallet:
    """A wallet with something on three days of the merchant's calendar (UTC + 5:30): +100, -30 | -20 held, -15 | +5."""
    day = datetime(2026, 3, 1, 6, tzinfo=UTC)
    with clock.at(day):
        wallet, other = purse.wallet(100_00), purse.wallet()
        names: dict[str, Any] = {
            "actor": purse.actor,
            "from_wallet_id": wallet.public_id,
            "to_wallet_id": other.public_id,
        }
        transfer_funds(**names, amount=30_00, currency="INR")
    # Half past midnight of the 2nd in Kolkata, and still the 1st in UTC.
    with clock.at(datetime(2026, 3, 1, 19, tzinfo=UTC)):
        held = hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=20_00, reference="order 7")
        capture_hold(actor=purse.actor, wallet_id=wallet.public_id, hold_id=held.transfer.public_id, amount=15_00)
    with clock.at(day + timedelta(days=2)):
        fund(wallet, 5_00)
    return wallet


def test_a_statement_adds_up(purse: Purse, caller: Caller) -> None:
    path = f"/{busy(purse).public_id}/statement"
    found = caller.get(path).json()
    lines = [(line["type"], line["amount"], line["balance_after"]) for line in found["transactions"]]
    assert lines == [
        ("credit", 5_00, 60_00),
        ("debit", 15_00, 55_00),
        ("debit", 30_00, 70_00),
        ("credit", 100_00, 100_00),
    ]
    assert (found["opening_balance"], found["closing_balance"], found["has_more"]) == (0, 60_00, False)
    running = 0
    for line in reversed(found["transactions"]):
        running += line["amount"] if line["type"] == "credit" else -line["amount"]
        assert line["balance_after"] == running
    second = caller.get(path, start_date="2026-03-02", end_date="2026-03-02").json()
    assert [line["reference"] for line in second["transactions"]] == ["order 7"]
    assert (second["opening_balance"], second["closing_balance"]) == (70_00, 55_00)
    credits = caller.get(path, type="credit", end_date="2026-03-01").json()
    assert [line["amount"] for line in credits["transactions"]] == [100_00]
    assert credits["closing_balance"] == 70_00


def test_a_statement_is_read_page_by_page(purse: Purse, caller: Caller) -> None:
    wallet = busy(purse)
    path, whole = f"/{wallet.public_id}/statement", []
    asked: dict[str, Any] = {"limit": 1}
    while True:
        page = caller.get(path, **asked).json()
        whole += page["transactions"]
        # What comes meanwhile is not in the pages after it.
        fund(wallet, 1)
        if not page["has_more"]:
            break
        asked["cursor"] = page["next_cursor"]
    assert [line["balance_after"] for line in whole] == [60_00, 55_00, 70_00, 100_00]
    elsewhere = caller.get(f"/{purse.wallet().public_id}/statement", **asked)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (400, "invalid_page")


def test_entries_of_one_moment_are_neither_lost_nor_doubled(purse: Purse, caller: Caller) -> None:
    with clock.at(datetime(2026, 3, 1, tzinfo=UTC)):
        wallet = purse.wallet()
        for _ in range(5):
            fund(wallet, 1_00)
    path = f"/{wallet.public_id}/statement"
    first = caller.get(path, limit=3).json()
    rest = caller.get(path, limit=3, cursor=first["next_cursor"]).json()
    balances = [line["balance_after"] for line in first["transactions"] + rest["transactions"]]
    assert balances == [5_00, 4_00, 3_00, 2_00, 1_00]
    assert len({line["created_at"] for line in first["transactions"]}) == 1


def test_a_statement_as_csv(purse: Purse, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wallets.selectors.wallets._PIECE", 2)
    monkeypatch.setattr("wallets.reports.statement._PIECE", 3)
    wallet = busy(purse)
    answer = caller.get(f"/{wallet.public_id}/statement", format="csv")
    assert answer.streaming
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{wallet.public_id}.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [(row["amount"], row["amount_minor"], row["balance_after"]) for row in rows] == [
        ("100.00", "10000", "100.00"),
        ("-30.00", "-3000", "70.00"),
        ("-15.00", "-1500", "55.00"),
        ("5.00", "500", "60.00"),
    ]
    assert sum(int(row["amount_minor"]) for row in rows) == balance_of(wallet.account_id).posted
    assert [row["created_at"] for row in rows][2] == "2026-03-01T19:00:00Z"


def test_no_cell_of_the_csv_is_a_formula(purse: Purse, caller: Caller) -> None:
    wallet = purse.wallet(100_00)
    # The door refuses such a reference; another caller of the service may not.
    held = hold_funds(actor=purse.actor, wallet_id=wallet.public_id, amount=1_00, reference="=1+1")
    capture_hold(actor=purse.actor, wallet_id=wallet.public_id, hold_id=held.transfer.public_id)
    answer = caller.get(f"/{wallet.public_id}/statement", format="csv")
    assert list(answer.streaming_content)[-1].decode().endswith(",'=1+1\r\n")


def test_a_statement_as_pdf(purse: Purse, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = busy(purse)
    path = f"/{wallet.public_id}/statement"
    answer = caller.get(path, format="pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.")
    assert answer.content.rstrip().endswith(b"%%EOF")
    empty = caller.get(path, format="pdf", start_date="2020-01-01", end_date="2020-01-02")
    assert len(empty.content) < len(answer.content)
    monkeypatch.setattr("wallets.reports.statement.MOST_PRINTED", 3)
    refused = caller.get(path, format="pdf")
    assert (refused.status_code, refused.json()["code"]) == (422, "statement_too_long")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"start_date": "2026-03-02", "end_date": "2026-03-01"}, "statement_range"),
        ({"start_date": "2026-01-01", "end_date": "2027-02-06"}, "statement_range"),
        ({"start_date": "0001-01-01"}, "statement_range"),
        ({"end_date": "9999-12-31"}, "statement_range"),
        ({"start_date": "01/02/2026"}, "invalid_input"),
        ({"type": "both"}, "invalid_input"),
        ({"format": "xml"}, "invalid_input"),
        ({"limit": "0"}, "invalid_page"),
        ({"cursor": "x"}, "invalid_page"),
        ({"account_id": "1"}, "unknown_parameter"),
    ],
)
def test_what_a_statement_cannot_be(purse: Purse, caller: Caller, asked: dict[str, str], code: str) -> None:
    refused = caller.get(f"/{purse.wallet().public_id}/statement", **asked)
    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_the_balance_at_a_moment(purse: Purse) -> None:
    wallet = busy(purse)
    moments = [datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, 6, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)]
    found = [wallet_balance_at(actor=purse.actor, wallet_id=wallet.public_id, moment=moment) for moment in moments]
    assert [balance.posted for balance in found] == [0, 70_00, 55_00]
    shown = statement_of(actor=purse.actor, wallet_id=wallet.public_id, end_date=date(2026, 3, 1))
    assert (shown.opening, shown.closing) == (0, 70_00)
    assert Transfer.objects.filter(kind="wallet_hold").count() == 2
