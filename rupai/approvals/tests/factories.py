"""Two people of one merchant, a wish, and an agent with a mandate."""

from dataclasses import dataclass, field
from typing import Any

from rupai.accounts.models import Agent, Membership, Merchant
from rupai.accounts.scopes import MONEY_SCOPES
from rupai.accounts.tests.factories import actor_of, new_member, new_merchant, owner_of
from rupai.approvals.models import Approval, Mandate
from rupai.approvals.services import request
from rupai.approvals.services.granting import grant_mandate
from rupai.core.actor import Actor


@dataclass
class House:
    """A merchant with an owner, a person of finance, one of support and a viewer; all may enter the console."""

    merchant: Merchant = field(default_factory=new_merchant)

    def __post_init__(self) -> None:
        self.owner, self.finance, self.support, self.viewer = (
            new_member(self.merchant, role, is_staff=True) for role in ("owner", "finance", "support", "viewer")
        )

    def actor(self, member: Membership) -> Actor:
        return actor_of(member)

    def ask(
        self, member: Membership | None = None, *, amount: int = 500, key: str = "wish-0001", **more: Any
    ) -> Approval:
        """Ask for the payment of an amount."""
        return request.request_approval(
            actor=self.actor(member or self.finance),
            operation="test.pay_out",
            arguments={"amount": amount},
            summary=f"Pay out {amount}",
            idempotency_key=key,
            **more,
        )


def new_mandate(agent: Agent, limits: dict[str, dict[str, int]] | None = None, **more: Any) -> Mandate:
    """A mandate for everything that moves money, up to ``limits``; without them 1000.00 rupees in all."""
    return grant_mandate(
        actor=owner_of(agent.merchant, livemode=agent.livemode),
        agent_id=agent.public_id,
        limits={"INR": {"total": 1_000_00}} if limits is None else limits,
        **{"scopes": sorted(MONEY_SCOPES), **more},
    )
