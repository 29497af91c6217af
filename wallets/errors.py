"""Refusals of the ledger by name."""

from typing import ClassVar

from rupai.core.errors import Conflict, DomainError, InvalidInput, WrongState


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


class WalletFrozen(WrongState):
    code: ClassVar[str] = "wallet_frozen"
    hint = "Unfreeze the wallet first; until then only its holds can be released."


class WalletClosed(WrongState):
    code: ClassVar[str] = "wallet_closed"
    hint = "A closed wallet stays closed. Open a new one for the customer."


class WalletExists(Conflict):
    code: ClassVar[str] = "wallet_exists"
    hint = "A customer has one open wallet per currency; use the one that is named here."


class WalletNotEmpty(Conflict):
    code: ClassVar[str] = "wallet_not_empty"
    hint = "Move the balance out and capture or release the open holds, then close the wallet."


class SameWallet(DomainError):
    code: ClassVar[str] = "same_wallet"
    hint = "Name two wallets."


class LimitExceeded(DomainError):
    """More would leave a wallet than one of its limits allows; the details say which, and what is left."""

    code: ClassVar[str] = "limit_exceeded"
    hint = "Send at most `remaining`, or wait until `resets_at`."


class OverdraftInUse(Conflict):
    code: ClassVar[str] = "overdraft_in_use"
    hint = "Set the overdraft at least to what the balance, less the holds, is below zero."


class HoldTooSmall(DomainError):
    code: ClassVar[str] = "hold_too_small"
    hint = "Capture at most what is held."


class QuoteExpired(Conflict):
    code: ClassVar[str] = "quote_expired"
    hint = "Ask for a new quote; the rate may be another one by now."


class QuoteUsed(Conflict):
    code: ClassVar[str] = "quote_used"
    hint = "A quote is good for one exchange. Ask for a new one to exchange again."


class QuoteMismatch(DomainError):
    code: ClassVar[str] = "quote_mismatch"
    hint = "Name a wallet in the quote's from_currency to take from, and one in its to_currency to pay into."


class StatementRange(InvalidInput):
    code: ClassVar[str] = "statement_range"
    hint = "Send days of at most 400 days' distance, the earlier one as start_date."


class StatementTooLong(DomainError):
    code: ClassVar[str] = "statement_too_long"
    hint = "Choose fewer days, or format=csv, which has no limit."
