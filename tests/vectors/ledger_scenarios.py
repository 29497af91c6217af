"""Test tables of TigerBeetle's state machine: batches, look-ups and a clock, with an expectation on every line.

Left out, and counted by reason: what we do not have (user data, imported events, reserved fields, given timestamps);
scenarios that tick to the end of the clock or count beyond 2^63, unless scaled; and look-ups that depend on a line that
is out. Lines that only carry user data are still sent, without it, so that the lines after them find what they need.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.vectors.ledger_books import COUNTERS, END_OF_TIME, U128_MAX, Books, empty_books, new_account
from tests.vectors.ledger_recorded import flags_of
from tests.vectors.report import Report
from wallets.services.accounts import NewAccount
from wallets.services.ledger import ALL, NewTransfer
from wallets.states import AccountFlag

UNITS = {"seconds": 1_000_000_000, "nanoseconds": 1}
NUMBERS = ("amount", "expect_amount", *COUNTERS)
OPERATIONS = {"create_accounts", "create_transfers", "lookup_account", "lookup_transfer", "setup_balance", "tick"}


def recognises(content: Any) -> bool:
    """Tell whether this is a file of ledger scenarios."""
    scenarios = content.get("scenarios") or [] if isinstance(content, dict) else []
    return isinstance(scenarios, list) and scenarios != [] and all(_is_scenario(one) for one in scenarios)


def _is_scenario(one: Any) -> bool:
    steps = one.get("steps") if isinstance(one, dict) else None
    if not isinstance(steps, list) or not steps:
        return False
    return all(isinstance(step, dict) and step.get("op") in OPERATIONS for step in steps)


def replay(content: Any, *, scaled: bool = False) -> Report:
    """Replay every scenario on books of its own.

    ``scaled`` moves the end of 128-bit numbers, and of the clock, to the end of ours: then those scenarios apply too.
    """
    report = Report()
    for scenario in content["scenarios"]:
        reason = "" if scaled else _why_out(scenario)
        if reason:
            report.exclude(reason, sum(_expectations(step) for step in scenario["steps"]))
            continue
        with empty_books() as books:
            _Scenario(_scaled(scenario) if scaled else scenario, books, report).run()
    return report


def _scaled(part: Any) -> Any:
    if isinstance(part, list):
        return [_scaled(one) for one in part]
    if isinstance(part, dict):
        return {name: _nearer(value) if name in NUMBERS else _scaled(value) for name, value in part.items()}
    return part


def _nearer(number: str) -> str:
    below_the_end = U128_MAX - int(number)
    return str(ALL - below_the_end) if below_the_end < ALL else number


def _expectations(step: Any) -> int:
    return len(step.get("batch", [])) + int(step["op"].startswith("lookup"))


def _why_out(scenario: Any) -> str:
    if any(step["op"] == "tick" and int(step["value"]) < 0 for step in scenario["steps"]):
        return "end of the clock"
    if any(number >= 2**63 for number in _numbers(scenario)):
        return "beyond 2^63"
    return ""


def _numbers(scenario: Any) -> Iterator[int]:
    for step in scenario["steps"]:
        for row in [step, step.get("expect") or {}, *step.get("batch", [])]:
            yield from (int(row[name]) for name in NUMBERS if name in row and not _is_all(row, name))


def _is_all(row: Any, name: str) -> bool:
    """Whether the greatest number stands for "as much as there is"."""
    taking = {"post_pending_transfer", "balancing_debit", "balancing_credit"}
    return name == "amount" and int(row[name]) == U128_MAX and bool(taking & set(row.get("flags", [])))


class _Scenario:
    """One scenario on its books; ``unsure`` are keys whose state depends on a line that is out."""

    def __init__(self, scenario: Any, books: Books, report: Report) -> None:
        self.name = f"{scenario['scenario']} {scenario.get('variant', 0)}"
        self.steps = scenario["steps"]
        self.books = books
        self.report = report
        self.unsure_accounts: set[int] = set()
        self.unsure_transfers: set[int] = set()
        self.unsent: set[int] = set()
        self.sides: dict[int, tuple[int, int]] = {}

    def run(self) -> None:
        for number, step in enumerate(self.steps):
            where = f"{self.name} step {number}"
            match step["op"]:
                case "create_accounts":
                    self._send(
                        where, step.get("batch", []), lambda rows: self.books.open([_account(row) for row in rows])
                    )
                case "create_transfers":
                    self._send(
                        where, step.get("batch", []), lambda rows: self.books.post([_transfer(row) for row in rows])
                    )
                case "lookup_account":
                    self._look_up_account(where, step)
                case "lookup_transfer":
                    self._look_up_transfer(where, step)
                case "setup_balance":
                    self.books.set_balance(int(step["account"]), {name: int(step[name]) for name in COUNTERS})
                case "tick":
                    self._tick(timedelta(microseconds=int(step["value"]) * UNITS[step["unit"]] // 1000))

    def _tick(self, step: timedelta) -> None:
        if step < timedelta(0):
            # So long before the end of the clock.
            self.books.now = END_OF_TIME
        self.books.tick(step)

    def _send(self, where: str, batch: list[Any], send: Callable[[list[Any]], list[str]]) -> None:
        sent = [row for row in batch if self._can_be_sent(row)]
        results = iter(send(sent) if sent else [])
        for place, row in enumerate(batch):
            reason = self._why_row_is_out(row)
            result = next(results) if any(row is other for other in sent) else None
            if reason:
                self.report.exclude(reason)
                self._doubt(row)
            else:
                self.report.expect(f"{where} line {place} id {row['id']}", expected=row["expect"], got=result)
            self._remember(row)

    def _can_be_sent(self, row: Any) -> bool:
        reason = self._why_row_is_out(row)
        if reason == "user data":
            return "user_data" not in row["expect"] and not any(name in row for name in COUNTERS)
        return not reason

    def _why_row_is_out(self, row: Any) -> str:
        if "imported" in row["flags"] or row["expect"].startswith("imported"):
            return "imported"
        if any(name in row for name in ("reserved", "flags_padding")):
            return "reserved"
        if "timestamp" in row:
            return "timestamp"
        if any(name.startswith("user_data") for name in row):
            return "user data"
        named = {int(row[name]) for name in ("debit_account_id", "credit_account_id", "pending_id") if name in row}
        return "depends on a line that is out" if named & self.unsent else ""

    def _doubt(self, row: Any) -> None:
        """Nobody can say what an account or transfer is like after a line that is out."""
        if row["expect"] != "created":
            return
        if not self._can_be_sent(row):
            self.unsent.add(int(row["id"]))
        if "debit_account_id" in row:
            self.unsure_transfers.add(int(row["id"]))
            self.unsure_accounts |= set(self._sides_of(row))
        else:
            self.unsure_accounts.add(int(row["id"]))

    def _remember(self, row: Any) -> None:
        if "debit_account_id" in row and row["expect"] == "created":
            self.sides[int(row["id"])] = self._sides_of(row)

    def _sides_of(self, row: Any) -> tuple[int, int]:
        sides = int(row["debit_account_id"]), int(row["credit_account_id"])
        return self.sides.get(int(row.get("pending_id", 0)), sides)

    def _look_up_account(self, where: str, step: Any) -> None:
        number = int(step["id"])
        if number in self.unsure_accounts:
            self.report.exclude("depends on a line that is out")
            return
        balance = self.books.balance(number)
        expected = step["expect"] and {
            name: value if name == "closed" else int(value) for name, value in step["expect"].items()
        }
        got = {name: getattr(balance, name) for name in expected or COUNTERS} if balance else None
        self.report.expect(f"{where} account {number}", expected=expected, got=got)

    def _look_up_transfer(self, where: str, step: Any) -> None:
        number = int(step["id"])
        if number in self.unsure_transfers:
            self.report.exclude("depends on a line that is out")
            return
        amount = self.books.amount(number)
        expected: dict[str, Any] = {"exists": step["expect_exists"]}
        got: dict[str, Any] = {"exists": amount is not None}
        if "expect_amount" in step:
            expected["amount"] = int(step["expect_amount"])
            got["amount"] = amount
        self.report.expect(f"{where} transfer {number}", expected=expected, got=got)


def _account(row: Any) -> NewAccount:
    flags = AccountFlag(0)
    for name in row["flags"]:
        flags |= AccountFlag[name.upper()]
    return new_account(int(row["id"]), ledger=int(row["ledger"]), code=int(row["code"]), flags=flags)


def _transfer(row: Any) -> NewTransfer:
    amount = int(row["amount"])
    return NewTransfer(
        id=UUID(int=int(row["id"])),
        debit_account=UUID(int=int(row["debit_account_id"])),
        credit_account=UUID(int=int(row["credit_account_id"])),
        amount=ALL if amount == U128_MAX else amount,
        pending_id=UUID(int=int(row.get("pending_id", 0))),
        timeout=int(row.get("timeout", 0)),
        ledger=int(row["ledger"]),
        kind=str(int(row["code"]) or ""),
        flags=flags_of(row["flags"]),
    )
