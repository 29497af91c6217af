"""Questions about people, roles and customers; each begins at the actor or the person."""

from enum import Enum
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from rupai.accounts.models import Agent, AgentKey, Customer, Membership, Role, User, email_indexes
from rupai.accounts.scopes import ALL
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.rows import RowQuerySet, key_of


def members(actor: Actor) -> QuerySet[Membership]:
    """The members of the actor's merchant."""
    return Membership.objects.select_related("user", "role", "merchant").filter(merchant_id=actor.merchant)


def member(*, actor: Actor, user_id: str) -> Membership:
    """One member of the actor's merchant.

    :raises NotFound: when there is none; members of other merchants look the same.
    """
    found = members(actor).filter(user_id=key_of(user_id, User.prefix)).first()
    if found is None:
        raise NotFound(f"No user {user_id[:60]!r}")
    return found


def roles(actor: Actor) -> QuerySet[Role]:
    """The roles that exist for the actor's merchant: built-in ones and its own."""
    return Role.objects.filter(merchant=None) | Role.objects.filter(merchant_id=actor.merchant)


def places(user: User) -> list[Membership]:
    """Where a person may work now, oldest place first."""
    found = Membership.objects.select_related("merchant", "role").filter(user=user, is_active=True)
    return list(found.filter(merchant__is_active=True).order_by("created_at", "pk"))


def customers_by_email(customers: QuerySet[Customer], email: str) -> QuerySet[Customer]:
    """Those of the given customers who have exactly this e-mail address, in any case of letters."""
    return customers.filter(email_index__in=email_indexes(email))


def agents_of(actor: Actor) -> RowQuerySet[Agent]:
    """The agents that an actor may see, with their owners; an agent sees itself alone."""
    rows: RowQuerySet[Agent] = Agent.objects.select_related("owner").visible_to(actor)
    return rows.filter(pk=key_of(actor.id, Agent.prefix)) if actor.kind == "agent" else rows


def agent_keys_of(actor: Actor, *, agent_id: str) -> RowQuerySet[AgentKey]:
    """The keys of one agent.

    :raises NotFound: when the actor sees no such agent.
    """
    agent = agents_of(actor).named(agent_id)
    rows: RowQuerySet[AgentKey] = AgentKey.objects.visible_to(actor).filter(agent=agent)
    return rows


class Standing(Enum):
    """How far someone has come through the console's door."""

    OUTSIDE = "not staff, switched off, or without a place"
    CODE_MISSING = "has a second factor that this session did not show"
    MUST_ENROL = "needs a second factor and has none"
    INSIDE = "may use the console"


def standing(user: User | AnonymousUser) -> Standing:
    """Tell whether a session may use the console; ``otp_device`` on the user is what the session has shown."""
    if not user.is_authenticated or not may_use_console(user):
        return Standing.OUTSIDE
    if getattr(user, "otp_device", None) is not None:
        return Standing.INSIDE
    if user.has_second_factor:
        return Standing.CODE_MISSING
    required = settings.STAFF_SECOND_FACTOR_REQUIRED and not user.second_factor_waived
    return Standing.MUST_ENROL if required else Standing.INSIDE


def may_use_console(user: User) -> bool:
    """Whether a person is staff with something to see: everything, or a merchant that they work at now."""
    return user.is_active and user.is_staff and (user.is_superuser or bool(user.reach))


def merchants_with(user: User, scope: str | None) -> list[UUID]:
    """The merchants where a person's role has the scope; None asks for all scopes, as owners and admins have."""
    wanted = ALL if scope is None else {scope}
    return [merchant for merchant, scopes in user.reach.items() if wanted <= scopes]


def staff_actor(user: User, *, merchant_id: UUID | None = None, livemode: bool = False) -> Actor:
    """The actor for someone at the console: at a merchant with the scopes of their role there.

    A superuser is the platform itself, for one merchant or (None) for all.
    """
    if user.is_superuser:
        everything = frozenset({"*"})
        return Actor("platform", user.public_id, merchant_id, livemode, everything, "console", user.name)
    granted = user.reach.get(merchant_id, frozenset()) if merchant_id is not None else frozenset()
    return Actor("user", user.public_id, merchant_id, livemode, granted, "console", user.name)
