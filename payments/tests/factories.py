"""The smallest valid rows of payments, and a payer who can pay."""

from dataclasses import dataclass, field
from typing import Any

from payments.models import Payment, PaymentMethod
from payments.services import accounts, create
from rupai.accounts.models import Customer, Merchant
from rupai.accounts.scopes import ALL
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money

_METHOD_OF = {"tok_upi": "upi", "tok_netbanking": "netbanking"}


def new_merchant(name: str = "Chai House", **fields: Any) -> Merchant:
    merchant: Merchant = Merchant.objects.create(name=name, created_at=clock.now(), **fields)
    accounts.add_sandbox(merchant.pk)
    return merchant


def actor_of(merchant: Merchant, *, livemode: bool = False) -> Actor:
    """A key of the merchant with every scope."""
    return Actor("key", f"key_of_{merchant.name}", merchant.pk, livemode, ALL)


def new_customer(actor: Actor) -> Customer:
    customer = Customer(
        merchant_id=actor.merchant, livemode=actor.livemode, created_at=clock.now(), updated_at=clock.now()
    )
    customer.set_person({"name": "Asha Rao", "email": "asha@example.in"})
    customer.save(force_insert=True)
    return customer


def new_method(actor: Actor, customer: Customer, token: str = "tok_visa") -> PaymentMethod:
    """A saved method for a sandbox token, without asking the sandbox about it."""
    type = next((found for start, found in _METHOD_OF.items() if token.startswith(start)), "card")
    method: PaymentMethod = PaymentMethod.objects.create(
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=clock.now(),
        customer=customer,
        type=type,
        provider="sandbox",
        token=token.encode(),
        brand="visa",
        last4="4242",
    )
    return method


@dataclass
class Shop:
    """A merchant with a customer who has saved some methods."""

    merchant: Merchant = field(default_factory=new_merchant)

    def __post_init__(self) -> None:
        self.actor = actor_of(self.merchant)
        self.customer = new_customer(self.actor)

    def pay(self, amount: int = 10_000, *, token: str = "tok_visa", currency: str = "INR", **fields: Any) -> Payment:
        """Take a payment with a fresh method for a sandbox token."""
        method = new_method(self.actor, self.customer, token)
        wish = create.Wish(
            money=Money(amount, currency),
            method=method.type,
            customer_id=self.customer.public_id,
            payment_method_token=method.public_id,
            **fields,
        )
        return create.create_payment(actor=self.actor, wish=wish)
