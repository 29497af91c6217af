"""Where events about rows without a mode go: into the merchant's stream of the mode in which the actor works."""

from dataclasses import dataclass
from uuid import UUID

from rupai.accounts.models import Membership, Merchant, Role
from rupai.core import ids
from rupai.core.actor import Actor


@dataclass(frozen=True, slots=True)
class InMode:
    """The subject of an event about a member or a merchant."""

    prefix: str
    public_id: str
    merchant_id: UUID
    livemode: bool


def of_member(membership: Membership, actor: Actor) -> InMode:
    """A member, known to the outside by the user's id."""
    return InMode("usr", membership.user.public_id, membership.merchant_id, actor.livemode)


def of_merchant(merchant: Merchant, actor: Actor) -> InMode:
    return InMode("mer", merchant.public_id, merchant.pk, actor.livemode)


def of_role(role: Role, actor: Actor) -> InMode:
    """A role of the merchant's own; built-in ones belong to no stream."""
    return InMode("role", ids.public_id("role", role.pk), actor.merchant, actor.livemode)
