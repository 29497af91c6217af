"""Refusals of the ledger by name."""

from typing import ClassVar

from rupai.core.errors import Conflict, DomainError


class LedgerNeedsTransaction(RuntimeError):
    """Money moves in the transaction of what it stands for, or that could happen without the money."""


class TransferRefused(DomainError):
    """The ledger did not take a transfer; ``details["result"]`` says which rule it broke."""

    code: ClassVar[str] = "transfer_refused"
    hint = "Nothing was moved. The result names the rule; correct the transfer and send it with a new id."


class InsufficientFunds(TransferRefused):
    code: ClassVar[str] = "insufficient_funds"
    hint = "Send at most the available balance: what is posted, less what is held."


class AccountClosed(TransferRefused):
    code: ClassVar[str] = "account_closed"
    hint = "Reopen the account, or use another one."


class HoldResolved(Conflict, TransferRefused):
    code: ClassVar[str] = "hold_already_resolved"
    hint = "The hold was posted, voided or has expired; it ends once."


class TransferIdTaken(Conflict, TransferRefused):
    code: ClassVar[str] = "transfer_id_taken"
    hint = "An id stands for one transfer for ever. Repeat that transfer exactly, or send a new id."


class AccountRefused(DomainError):
    """The ledger did not open an account; ``details["result"]`` says why."""

    code: ClassVar[str] = "account_refused"


_BY_RESULT: dict[str, type[TransferRefused]] = {
    "exceeds_credits": InsufficientFunds,
    "exceeds_debits": InsufficientFunds,
    "debit_account_already_closed": AccountClosed,
    "credit_account_already_closed": AccountClosed,
    "pending_transfer_already_posted": HoldResolved,
    "pending_transfer_already_voided": HoldResolved,
    "pending_transfer_expired": HoldResolved,
    "id_already_failed": TransferIdTaken,
}


def refusal(result: str) -> type[TransferRefused]:
    """Name the refusal that stands for a result of the ledger."""
    if result.startswith("exists_with_different_"):
        return TransferIdTaken
    return _BY_RESULT.get(result, TransferRefused)
