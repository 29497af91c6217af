"""A shop whose customer has a wallet, and what its books say."""

from dataclasses import dataclass, field
from typing import Any

from payments.models import Payout, TopUp
from payments.sandbox.acquirer import Acquirer
from payments.services import top_up, withdraw
from payments.tests.factories import Shop, new_method
from rupai.core.invariants import registered
from rupai.core.models import Event
from rupai.core.money import Money
from wallets.models import Account, Wallet
from wallets.selectors.ledger import balance_of
from wallets.services import wallets
from wallets.states import AccountCode


@dataclass
class WalletShop(Shop):
    """The wallet is in rupees and empty."""

    wallet: Wallet = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.wallet = wallets.open_wallet(actor=self.actor, customer_id=self.customer.public_id, currency="INR")

    def top_up(self, amount: int = 10_000, *, token: str = "tok_visa") -> TopUp:
        return top_up.top_up_wallet(
            actor=self.actor,
            wallet_id=self.wallet.public_id,
            money=Money(amount, "INR"),
            payment_method_token=new_method(self.actor, self.customer, token).public_id,
        )

    def withdraw(self, amount: int = 4_000, *, to: str = "bank_success", **more: Any) -> Payout:
        return withdraw.withdraw(
            actor=self.actor, wallet_id=self.wallet.public_id, money=Money(amount, "INR"), destination=to, **more
        )

    @property
    def balance(self) -> tuple[int, int]:
        """What the wallet can spend, and what is held in it."""
        found = balance_of(self.wallet.account_id)
        return found.available, found.debits_pending

    def holds(self, code: AccountCode) -> int:
        """What one of the merchant's own accounts in rupees holds."""
        accounts = Account.objects.filter(merchant_id=self.merchant.pk, code=code, currency="INR", owner_id=None)
        return sum(balance_of(account.pk).posted for account in accounts)

    def told(self, noun: str) -> list[tuple[str, list[Any]]]:
        """The events about a kind of thing, oldest first, each with how the status changed."""
        events = Event.objects.filter(merchant_id=self.merchant.pk, subject_type=noun).order_by("inserted")
        return [(event.type, event.changes.get("status", [])) for event in events]


def payouts_at(acquirer: Acquirer) -> list[tuple[str, int, str]]:
    """Every payout that the acquirer booked: our reference, minor units, status."""
    books = acquirer.book.accounts.values()
    return [(made.reference, made.amount, str(made.status)) for book in books for made in book.payouts.values()]


def assert_invariants() -> None:
    """Every registered rule holds in the database as it is now."""
    assert {rule.name: lines for rule in registered() if (lines := rule.check())} == {}
