"""A merchant whose customer has wallets in several currencies, and rates to exchange between them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from rupai.accounts.models import Customer, Merchant
from rupai.accounts.tests.factories import new_merchant, owner_of
from rupai.core import clock, ids
from rupai.core.actor import Actor
from rupai.core.invariants import registered
from wallets.models import FxQuote, Wallet
from wallets.selectors import balance_of
from wallets.services.accounts import chart_accounts
from wallets.services.fx_quotes import quote_fx
from wallets.services.fx_rates import set_rate
from wallets.services.ledger import NewTransfer, post_transfers
from wallets.services.wallets import open_wallet

OURS = ("I1", "I2", "I3", "I7")


@dataclass
class FxWorld:
    """100.00 dollars in a wallet, an empty one in rupees, a rate of 83.12 and the default spread of half a per cent."""

    merchant: Merchant = field(default_factory=new_merchant)
    livemode: bool = False

    def __post_init__(self) -> None:
        self.actor: Actor = owner_of(self.merchant, livemode=self.livemode)
        self.customer = self.new_customer()
        self.dollars, self.rupees = self.wallet("USD"), self.wallet("INR")
        self.pay_in(self.dollars, 100_00)
        set_rate(actor=self.actor, base="USD", quote="INR", rate=Decimal("83.12"))

    def new_customer(self) -> Customer:
        now = clock.now()
        customer = Customer(merchant_id=self.merchant.pk, livemode=self.livemode, created_at=now, updated_at=now)
        customer.set_person({"name": "Asha Rao", "email": f"{ids.new_key().hex}@example.in"})
        customer.save(force_insert=True)
        return customer

    def wallet(self, currency: str, customer: Customer | None = None) -> Wallet:
        owner = customer or self.customer
        return open_wallet(actor=self.actor, customer_id=owner.public_id, currency=currency)

    def pay_in(self, wallet: Wallet, amount: int) -> None:
        top_up = NewTransfer(
            id=ids.new_key(),
            debit_account=self.account("provider_clearing", wallet.currency),
            credit_account=wallet.account_id,
            amount=amount,
            kind="top_up",
        )
        with transaction.atomic():
            post_transfers(transfers=[top_up], at=clock.now())

    def account(self, name: str, currency: str) -> UUID:
        chart = chart_accounts(merchant_id=self.merchant.pk, livemode=self.livemode, currency=currency)
        found: UUID = getattr(chart, name)
        return found

    def held(self, name: str, currency: str) -> int:
        """What one of the merchant's own accounts holds."""
        return balance_of(self.account(name, currency)).posted

    def balance(self, wallet: Wallet) -> int:
        return balance_of(wallet.account_id).posted

    def quote(self, amount: int = 100_00, *, source: str = "USD", target: str = "INR") -> FxQuote:
        return quote_fx(actor=self.actor, from_currency=source, to_currency=target, amount=amount)


def broken_rules() -> dict[str, list[str]]:
    """The ledger's rules that do not hold."""
    found = {rule.name: rule.check() for rule in registered() if rule.name in OURS}
    assert set(found) == set(OURS)
    return {name: lines for name, lines in found.items() if lines}


MORNING = datetime(2026, 11, 20, 9, tzinfo=UTC)
