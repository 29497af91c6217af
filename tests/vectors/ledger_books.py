"""The ledger as the vectors see it: numbers for ids, one merchant, and a clock that the vectors move."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import transaction

from rupai.core import ids
from wallets.models import Account, Transfer
from wallets.selectors import Balance, balance_of
from wallets.services.accounts import NewAccount, open_accounts
from wallets.services.ledger import NewTransfer, expire_pending, post_transfers
from wallets.states import AccountFlag, TransferFlag

START = datetime(2026, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC)
MERCHANT = UUID(int=1)
U128_MAX = 2**128 - 1
COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


@contextmanager
def empty_books() -> Iterator["Books"]:
    """Open books for one scenario; whatever was written is taken back at the end."""
    with transaction.atomic():
        try:
            yield Books()
        finally:
            transaction.set_rollback(True)


class Books:
    """Sends vectors through the same services that payments use."""

    def __init__(self) -> None:
        self.now = START

    def open(self, accounts: Sequence[NewAccount]) -> list[str]:
        return open_accounts(accounts=accounts, at=self.now)

    def post(self, transfers: Sequence[NewTransfer]) -> list[str]:
        return [posted.result for posted in post_transfers(transfers=transfers, at=self.now, refuse=False)]

    def tick(self, step: timedelta) -> None:
        """Let time pass; what expires in it expires."""
        self.now += step
        while expire_pending(at=self.now):
            pass

    def balance(self, account: int) -> Balance | None:
        key = UUID(int=account)
        return balance_of(key) if Account.objects.filter(pk=key).exists() else None

    def amount(self, transfer: int) -> int | None:
        return Transfer.objects.filter(pk=UUID(int=transfer)).values_list("amount", flat=True).first()

    def set_balance(self, account: int, wanted: dict[str, int]) -> None:
        """Bring an account to four counters by posting from a helper account.

        :raises ValueError: when the ledger does not take that.
        """
        row = Account.objects.get(pk=UUID(int=account))
        present = balance_of(row.pk)
        helper = new_account(ids.new_key().int, ledger=row.ledger)
        steps = [
            _step(row, helper.id, name, wanted[name] - getattr(present, name))
            for name in _order_of_setup(row)
            if wanted[name] != getattr(present, name)
        ]
        results = [*self.open([helper]), *self.post(steps)]
        if set(results) != {"created"}:
            raise ValueError(f"Account {account} cannot have {wanted}: {results}")


def new_account(number: int, *, ledger: int, code: int = 1, flags: AccountFlag = AccountFlag(0)) -> NewAccount:  # noqa: B008
    """An account of a vector; owners make places in the chart differ."""
    key = UUID(int=number)
    return NewAccount(
        id=key, merchant_id=MERCHANT, livemode=True, currency="INR", code=code, ledger=ledger, owner_id=key, flags=flags
    )


def _order_of_setup(row: Account) -> Sequence[str]:
    # What covers a limit comes before what uses it.
    by_credits = ("credits_posted", "credits_pending", "debits_posted", "debits_pending")
    by_debits = ("debits_posted", "debits_pending", "credits_posted", "credits_pending")
    return by_debits if row.credits_must_not_exceed_debits else by_credits


def _step(row: Account, helper: UUID, counter: str, amount: int) -> NewTransfer:
    debit, credit = (row.pk, helper) if counter.startswith("debits") else (helper, row.pk)
    return NewTransfer(
        id=ids.new_key(),
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        kind="setup",
        ledger=row.ledger,
        flags=TransferFlag.PENDING if counter.endswith("pending") else TransferFlag(0),
    )
