"""The smallest valid wallets, and money in them."""

from django.db import transaction

from rupai.accounts.models import Customer, Merchant
from rupai.accounts.services.customers import create_customer
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core import clock, ids
from rupai.core.actor import Actor
from wallets.models import Wallet
from wallets.selectors import balance_of
from wallets.services.accounts import chart_accounts
from wallets.services.ledger import NewTransfer, post_transfers
from wallets.services.wallets import open_wallet


class Purse:
    """A merchant in test mode whose customers have wallets."""

    def __init__(self, merchant: Merchant | None = None) -> None:
        self.merchant = merchant or new_merchant()
        self.actor: Actor = owner_of(self.merchant)

    def customer(self) -> Customer:
        return create_customer(actor=self.actor)

    def wallet(self, amount: int = 0, *, currency: str = "INR", customer: Customer | None = None) -> Wallet:
        """A new customer's wallet with ``amount`` minor units in it."""
        owner = customer or self.customer()
        wallet = open_wallet(actor=self.actor, customer_id=owner.public_id, currency=currency)
        if amount:
            fund(wallet, amount)
        return wallet


def fund(wallet: Wallet, amount: int) -> None:
    """Put money into a wallet, as a top-up does."""
    chart = chart_accounts(merchant_id=wallet.merchant_id, livemode=wallet.livemode, currency=wallet.currency)
    now = clock.now()
    money = NewTransfer(
        id=ids.new_key(now),
        debit_account=chart.provider_clearing,
        credit_account=wallet.account_id,
        amount=amount,
        kind="top_up",
        reference="pay_0000000000000000000001",
    )
    with transaction.atomic():
        post_transfers(transfers=[money], at=now)


def has(wallet: Wallet) -> tuple[int, int]:
    """What is available in a wallet, and what is held."""
    balance = balance_of(wallet.account_id)
    return balance.available, balance.pending
