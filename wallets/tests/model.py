"""The rules of the ledger once more, as plainly as possible and in memory: the oracle of the property test."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from wallets.services.ledger import ALL, NewTransfer
from wallets.states import NIL, AccountFlag, TransferFlag

F = TransferFlag
RESOLVING = F.POST | F.VOID
# Failures that another moment could cure; they use the id up.
PASSING = {
    "debit_account_not_found",
    "credit_account_not_found",
    "pending_transfer_not_found",
    "exceeds_credits",
    "exceeds_debits",
    "debit_account_already_closed",
    "credit_account_already_closed",
}


@dataclass
class ModelAccount:
    flags: AccountFlag
    overdraft: int
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0
    closed: bool = False

    def room_to_debit(self) -> int:
        overdraft = self.overdraft if self.flags & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS else 0
        return self.credits_posted + overdraft - self.debits_posted - self.debits_pending

    def room_to_credit(self) -> int:
        overdraft = self.overdraft if self.flags & AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS else 0
        return self.debits_posted + overdraft - self.credits_posted - self.credits_pending


@dataclass
class Stored:
    new: NewTransfer
    amount: int
    debit: UUID
    credit: UUID
    kind: str
    state: str = ""
    expires_at: datetime | None = None


@dataclass
class Model:
    accounts: dict[UUID, ModelAccount]
    transfers: dict[UUID, Stored] = field(default_factory=dict)
    burnt: set[UUID] = field(default_factory=set)

    def post(self, batch: Sequence[NewTransfer], at: datetime) -> list[str]:
        """Post a batch chain by chain and return the results."""
        results: list[str] = []
        while len(results) < len(batch):
            first = len(results)
            last = next((i for i in range(first, len(batch)) if not batch[i].flags & F.LINKED), None)
            chain = batch[first : len(batch) if last is None else last + 1]
            results += self._post_chain(chain, at, whole=last is not None)
        return results

    def expire(self, at: datetime) -> None:
        """End every hold whose time is up."""
        for key in [key for key, one in self.transfers.items() if one.state == "pending"]:
            held = self.transfers[key]
            if held.expires_at and held.expires_at <= at:
                self._release(held, "expired")

    def _post_chain(self, chain: Sequence[NewTransfer], at: datetime, *, whole: bool) -> list[str]:
        before = copy.deepcopy((self.accounts, self.transfers))
        results: list[str] = []
        for place, new in enumerate(chain):
            result = "linked_event_chain_open" if not whole and place == len(chain) - 1 else self._post_one(new, at)
            if result in PASSING:
                self.burnt.add(new.id)
            results.append(result)
            if result != "created":
                break
        if results[-1] == "created":
            return results
        self.accounts, self.transfers = before
        failed = ["linked_event_failed"] * (len(chain) - len(results))
        if failed and not whole:
            failed[-1] = "linked_event_chain_open"
        return ["linked_event_failed"] * (len(results) - 1) + results[-1:] + failed

    def _post_one(self, new: NewTransfer, at: datetime) -> str:
        if new.id in self.transfers:
            return self._compare(new, self.transfers[new.id])
        if new.id in self.burnt:
            return "id_already_failed"
        return self._resolve(new, at) if new.flags & RESOLVING else self._move(new, at)

    def _compare(self, new: NewTransfer, old: Stored) -> str:
        resolving = bool(old.new.flags & RESOLVING)
        if new.flags != old.new.flags:
            return "exists_with_different_flags"
        if new.pending_id != old.new.pending_id:
            return "exists_with_different_pending_id"
        if new.timeout != old.new.timeout:
            return "exists_with_different_timeout"
        if new.debit_account != old.debit and not (resolving and new.debit_account == NIL):
            return "exists_with_different_debit_account_id"
        if new.credit_account != old.credit and not (resolving and new.credit_account == NIL):
            return "exists_with_different_credit_account_id"
        if not self._same_amount(new, old):
            return "exists_with_different_amount"
        if new.kind != old.kind and not (resolving and not new.kind):
            return "exists_with_different_code"
        return "exists"

    def _same_amount(self, new: NewTransfer, old: Stored) -> bool:
        if new.flags & F.POST and new.amount == ALL:
            return old.amount == self.transfers[new.pending_id].amount
        if new.flags & F.VOID and new.amount == 0:
            return True
        if new.flags & (F.BALANCING_DEBIT | F.BALANCING_CREDIT):
            return new.amount >= old.amount
        return new.amount == old.amount

    def _resolve(self, new: NewTransfer, at: datetime) -> str:
        result = self._resolve_shape(new)
        if result:
            return result
        if new.pending_id not in self.transfers:
            return "pending_transfer_not_found"
        held = self.transfers[new.pending_id]
        post = bool(new.flags & F.POST)
        amount = held.amount if new.amount == (ALL if post else 0) else new.amount
        result = self._resolve_state(new, held, amount, at)
        if result:
            return result
        debit, credit = self.accounts[held.debit], self.accounts[held.credit]
        if post and debit.closed:
            return "debit_account_already_closed"
        if post and credit.closed:
            return "credit_account_already_closed"
        self._release(held, "posted" if post else "voided")
        if post:
            debit.debits_posted += amount
            credit.credits_posted += amount
        self.transfers[new.id] = Stored(new, amount, held.debit, held.credit, held.kind)
        return "created"

    def _resolve_shape(self, new: NewTransfer) -> str:
        if new.flags & ~F.LINKED not in (F.POST, F.VOID):
            return "flags_are_mutually_exclusive"
        if new.pending_id == NIL:
            return "pending_id_must_not_be_zero"
        if new.pending_id == new.id:
            return "pending_id_must_be_different"
        return "timeout_reserved_for_pending_transfer" if new.timeout else ""

    def _resolve_state(self, new: NewTransfer, held: Stored, amount: int, at: datetime) -> str:
        if not held.state:
            return "pending_transfer_not_pending"
        if new.debit_account not in (NIL, held.debit):
            return "pending_transfer_has_different_debit_account_id"
        if new.credit_account not in (NIL, held.credit):
            return "pending_transfer_has_different_credit_account_id"
        if new.kind not in ("", held.kind):
            return "pending_transfer_has_different_code"
        if amount > held.amount:
            return "exceeds_pending_transfer_amount"
        if amount < held.amount and new.flags & F.VOID:
            return "pending_transfer_has_different_amount"
        if held.state in ("posted", "voided"):
            return f"pending_transfer_already_{held.state}"
        over = held.expires_at is not None and held.expires_at <= at
        return "pending_transfer_expired" if held.state == "expired" or over else ""

    def _release(self, held: Stored, state: str) -> None:
        debit, credit = self.accounts[held.debit], self.accounts[held.credit]
        debit.debits_pending -= held.amount
        credit.credits_pending -= held.amount
        debit.closed = debit.closed and not held.new.flags & F.CLOSING_DEBIT
        credit.closed = credit.closed and not held.new.flags & F.CLOSING_CREDIT
        held.state = state

    def _move(self, new: NewTransfer, at: datetime) -> str:
        result = self._move_shape(new)
        if result:
            return result
        debit, credit = self.accounts.get(new.debit_account), self.accounts.get(new.credit_account)
        if debit is None:
            return "debit_account_not_found"
        if credit is None:
            return "credit_account_not_found"
        if debit.closed:
            return "debit_account_already_closed"
        if credit.closed:
            return "credit_account_already_closed"
        amount = self._balanced(new, debit, credit)
        if debit.flags & AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS and amount > debit.room_to_debit():
            return "exceeds_credits"
        if credit.flags & AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS and amount > credit.room_to_credit():
            return "exceeds_debits"
        self._store(new, amount, debit, credit, at)
        return "created"

    def _move_shape(self, new: NewTransfer) -> str:
        if new.debit_account == new.credit_account:
            return "accounts_must_be_different"
        if new.pending_id != NIL:
            return "pending_id_must_be_zero"
        if new.timeout and not new.flags & F.PENDING:
            return "timeout_reserved_for_pending_transfer"
        if new.flags & (F.CLOSING_DEBIT | F.CLOSING_CREDIT) and not new.flags & F.PENDING:
            return "closing_transfer_must_be_pending"
        return "" if new.kind else "code_must_not_be_zero"

    def _balanced(self, new: NewTransfer, debit: ModelAccount, credit: ModelAccount) -> int:
        amount = new.amount
        if new.flags & F.BALANCING_DEBIT:
            amount = min(amount, max(0, debit.room_to_debit()))
        if new.flags & F.BALANCING_CREDIT:
            amount = min(amount, max(0, credit.room_to_credit()))
        return amount

    def _store(self, new: NewTransfer, amount: int, debit: ModelAccount, credit: ModelAccount, at: datetime) -> None:
        stored = Stored(new, amount, new.debit_account, new.credit_account, new.kind)
        if new.flags & F.PENDING:
            debit.debits_pending += amount
            credit.credits_pending += amount
            debit.closed = bool(new.flags & F.CLOSING_DEBIT)
            credit.closed = bool(new.flags & F.CLOSING_CREDIT)
            stored.state = "pending"
            stored.expires_at = at + timedelta(seconds=new.timeout) if new.timeout else None
        else:
            debit.debits_posted += amount
            credit.credits_posted += amount
        self.transfers[new.id] = stored
