"""A shop with an agent, and each way in which the agent may move money."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from payments.models import Payment
from payments.services.capture import capture_payment
from payments.services.create import Wish, create_payment
from payments.services.refund import refund_payment
from payments.services.top_up import top_up_wallet
from payments.services.withdraw import withdraw
from payments.tests.factories import new_customer, new_method
from payments.tests.wallets import WalletShop
from rupai.accounts.models import Agent
from rupai.accounts.tests.factories import acting, actor_of, new_agent, new_member
from rupai.approvals.models import MandateUse
from rupai.core.actor import Actor
from rupai.core.money import Money
from wallets.models import Wallet
from wallets.services.transfers import transfer_funds
from wallets.services.wallets import open_wallet
from wallets.tests.factories import fund

AMOUNT = 4_000


@dataclass
class AgentShop(WalletShop):
    """The wallet and another customer's are in rupees; ``robot`` is the agent as an actor, as it was at the start."""

    agent: Agent = field(init=False)
    robot: Actor = field(init=False)
    other: Wallet = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.owner = new_member(self.merchant)
        self.person = actor_of(self.owner)
        self.agent = new_agent(self.owner)
        self.robot = acting(self.agent)
        payer = new_customer(self.actor)
        self.other = open_wallet(actor=self.actor, customer_id=payer.public_id, currency="INR")

    def wish(self, amount: int = AMOUNT, *, token: str = "tok_visa", **fields: Any) -> Wish:
        """A payment with a fresh method for a sandbox token."""
        method = new_method(self.actor, self.customer, token)
        return Wish(
            money=Money(amount, "INR"),
            method=method.type,
            customer_id=self.customer.public_id,
            payment_method_token=method.public_id,
            **fields,
        )

    def robot_pays(self, amount: int = AMOUNT, *, token: str = "tok_visa", **fields: Any) -> Payment:
        return create_payment(actor=self.robot, wish=self.wish(amount, token=token, **fields))

    def uses(self) -> list[tuple[str, int, str]]:
        """Scope, amount and state of each use of the agent's mandates, in order."""
        found = MandateUse.objects.filter(mandate__agent=self.agent).order_by("pk")
        return list(found.values_list("scope", "amount", "state"))


# For each movement its scope, and what makes ready for it and then gives the call that moves AMOUNT.
Ready = Callable[[AgentShop], Callable[[], Any]]


def _pay(shop: AgentShop) -> Callable[[], Any]:
    wish = shop.wish()
    return lambda: create_payment(actor=shop.robot, wish=wish)


def _capture(shop: AgentShop) -> Callable[[], Any]:
    held = shop.pay(AMOUNT, capture="manual")
    return lambda: capture_payment(actor=shop.robot, payment_id=held.public_id)


def _refund(shop: AgentShop) -> Callable[[], Any]:
    paid = shop.pay(10_000)
    return lambda: refund_payment(actor=shop.robot, payment_id=paid.public_id, amount=AMOUNT)


def _top_up(shop: AgentShop) -> Callable[[], Any]:
    token = new_method(shop.actor, shop.customer).public_id
    money = Money(AMOUNT, "INR")
    return lambda: top_up_wallet(
        actor=shop.robot, wallet_id=shop.wallet.public_id, money=money, payment_method_token=token
    )


def _withdraw(shop: AgentShop) -> Callable[[], Any]:
    fund(shop.wallet, 10_000)
    money = Money(AMOUNT, "INR")
    return lambda: withdraw(actor=shop.robot, wallet_id=shop.wallet.public_id, money=money, destination="bank_success")


def _transfer(shop: AgentShop) -> Callable[[], Any]:
    fund(shop.wallet, 10_000)
    source, target = shop.wallet.public_id, shop.other.public_id
    return lambda: transfer_funds(
        actor=shop.robot, from_wallet_id=source, to_wallet_id=target, amount=AMOUNT, currency="INR"
    )


MOVEMENTS: dict[str, tuple[str, Ready]] = {
    "payment": ("payments:write", _pay),
    "capture": ("payments:write", _capture),
    "refund": ("refunds:write", _refund),
    "top-up": ("wallets:topup", _top_up),
    "withdrawal": ("wallets:withdraw", _withdraw),
    "transfer": ("wallets:transfer", _transfer),
}
