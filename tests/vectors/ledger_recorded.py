"""Workloads recorded from a running TigerBeetle: every result and, now and then, every balance."""

from typing import Any
from uuid import UUID

from tests.vectors.ledger_books import COUNTERS, U128_MAX, Books, empty_books, new_account
from tests.vectors.report import Report
from wallets.services.ledger import ALL, NewTransfer
from wallets.states import AccountFlag, TransferFlag

LIMITS = {
    "none": AccountFlag(0),
    "debits_must_not_exceed_credits": AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS,
    "credits_must_not_exceed_debits": AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS,
}


def recognises(content: Any) -> bool:
    """Tell whether this is a file of recorded runs."""
    return isinstance(content, dict) and all(
        "accounts" in run and "steps" in run for run in content.get("runs") or [{}]
    )


def replay(content: Any) -> Report:
    """Replay every run on books of its own."""
    report = Report()
    for run in content["runs"]:
        with empty_books() as books:
            _replay_run(run, books, report)
    return report


def _replay_run(run: Any, books: Books, report: Report) -> None:
    where = f"seed {run.get('seed')}"
    accounts = [
        new_account(int(row["id"]), ledger=row["ledger"], code=row["code"], flags=LIMITS[row["limit"]])
        for row in run["accounts"]
    ]
    if set(books.open(accounts)) != {"created"}:
        report.mismatches.append(f"{where}: the accounts cannot be opened")
        return
    for number, step in enumerate(run["steps"]):
        batch = step.get("batch", [])
        results = books.post([_transfer(row) for row in batch])
        for row, result in zip(batch, results, strict=True):
            report.expect(f"{where} step {number} transfer {row['id']}", expected=row["expect"], got=result)
        for row in step.get("expect_balances", []):
            balance = books.balance(int(row["id"]))
            report.expect(
                f"{where} step {number} account {row['id']}",
                expected={name: int(row[name]) for name in COUNTERS},
                got=balance and {name: getattr(balance, name) for name in COUNTERS},
            )


def _transfer(row: Any) -> NewTransfer:
    amount = int(row["amount"])
    return NewTransfer(
        id=UUID(int=int(row["id"])),
        debit_account=UUID(int=int(row["debit"])),
        credit_account=UUID(int=int(row["credit"])),
        amount=ALL if amount == U128_MAX else amount,
        pending_id=UUID(int=int(row["pending_id"])),
        timeout=int(row.get("timeout", 0)),
        ledger=int(row.get("ledger", 1)),
        kind=str(row["code"] or ""),
        flags=flags_of(row["flags"]),
    )


def flags_of(names: list[str]) -> TransferFlag:
    """Read the flags of a transfer by the names that vectors use."""
    flags = TransferFlag(0)
    for name in names:
        flags |= TransferFlag[name.removesuffix("_pending_transfer").upper()]
    return flags
