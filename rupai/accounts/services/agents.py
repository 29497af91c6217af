"""Agents: made for a purpose, each with a person who answers for it; stopped at once by whoever may."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction

from rupai.accounts import selectors
from rupai.accounts.models import Agent, Membership, User
from rupai.accounts.scopes import AGENT_ONLY, AGENT_SCOPES
from rupai.accounts.services import credentials
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.core import clock, events, ids
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, InvalidInput, WrongState

MOST_TOOLSETS = 20
_TOOLSET = re.compile(r"[a-z_]{1,40}")


class OwnerNeeded(DomainError):
    """Somebody of the merchant has to answer for an agent."""

    code, status = "owner_needed", 422
    hint = "Name an active member of this merchant as owner."


def create_agent(
    *,
    actor: Actor,
    name: str,
    scopes: list[str],
    purpose: str = "",
    owner_id: str | None = None,
    toolsets: Collection[str] = (),
    read_only: bool = False,
    expires_at: datetime | None = None,
) -> Agent:
    """Make an agent for the actor's merchant and mode; without ``owner_id`` the actor answers for it.

    It can do nothing until it has a key, and move no money until it has a mandate.

    :raises ScopesTooWide: when the actor lacks a wanted scope, or an agent may not carry it.
    :raises OwnerNeeded: when the owner is no active member of the merchant.
    :raises InvalidInput: when the expiry is in the past, or a toolset is not well formed.
    """
    actor.require("agents:write")
    _check_scopes(actor, scopes)
    credentials.check_expiry(expires_at)
    with transaction.atomic():
        agent = Agent(
            merchant_id=actor.merchant,
            livemode=actor.livemode,
            created_at=clock.now(),
            name=name,
            purpose=purpose,
            owner=_owner(actor, owner_id or actor.id),
            scopes=sorted(set(scopes)),
            toolsets=_toolsets(toolsets),
            read_only=read_only,
            created_by=actor.id,
            expires_at=expires_at,
        )
        agent.save(force_insert=True)
        events.emit("agent.created", subject=agent, actor=actor, data=agent.public())
        return agent


class AgentChange(TypedDict, total=False):
    """What can be changed of an agent; what is absent stays."""

    name: str
    purpose: str
    owner_id: str
    scopes: list[str]
    toolsets: list[str]
    read_only: bool
    expires_at: datetime | None


def change_agent(*, actor: Actor, agent_id: str, **given: Unpack[AgentChange]) -> Agent:
    """Change what is given of an agent.

    What the agent may do is read anew at each of its calls, so a change holds from the next one on.

    :raises NotFound: when the actor sees no such agent.
    :raises ScopesTooWide: when a new scope is none of the actor's, or an agent may not carry it.
    :raises OwnerNeeded: when the new owner is no active member of the merchant.
    """
    actor.require("agents:write")
    wanted: dict[str, Any] = {**given}
    with transaction.atomic():
        agent = lock_agent(actor, agent_id)
        before = agent.public()
        if "scopes" in wanted:
            _check_scopes(actor, set(wanted["scopes"]) - set(agent.scopes))
            wanted["scopes"] = sorted(set(wanted["scopes"]))
        if "toolsets" in wanted:
            wanted["toolsets"] = _toolsets(wanted["toolsets"])
        if "owner_id" in wanted:
            wanted["owner"] = _owner(actor, wanted.pop("owner_id"))
        credentials.check_expiry(wanted.get("expires_at"))
        for field, value in wanted.items():
            setattr(agent, field, value)
        _save(agent, before, "agent.changed", actor, fields=list(wanted))
        return agent


def kill_agent(*, actor: Actor, agent_id: str) -> Agent:
    """Stop an agent at once: no key of it opens anything, and no money of it moves that was not sent off yet.

    Killing it again changes nothing.

    :raises NotFound: when the actor sees no such agent.
    """
    actor.require("agents:write")
    with transaction.atomic():
        agent = lock_agent(actor, agent_id)
        _kill(agent, actor)
        return agent


def revive_agent(*, actor: Actor, agent_id: str) -> Agent:
    """Let a killed agent go on with its keys and mandates.

    :raises NotFound: when the actor sees no such agent.
    :raises WrongState: when it was not killed.
    :raises OwnerNeeded: when its owner has left the merchant.
    """
    actor.require("agents:write")
    with transaction.atomic():
        agent = lock_agent(actor, agent_id)
        if agent.state != Agent.State.KILLED:
            raise WrongState("This agent was not killed", agent=agent.public_id)
        _owner(actor, agent.owner.public_id)
        before = agent.public()
        agent.state, agent.killed_at, agent.killed_by = Agent.State.ACTIVE, None, ""
        _save(agent, before, "agent.revived", actor, fields=["state", "killed_at", "killed_by"])
        return agent


def kill_agents_of(*, actor: Actor, owner: User, merchant_id: UUID) -> int:
    """Stop the agents that a person answers for at a merchant, in both modes; must run inside a transaction."""
    own = Agent.objects.select_for_update(of=("self",), no_key=True).filter(merchant_id=merchant_id, owner=owner)
    return sum(_kill(agent, actor) for agent in own.select_related("owner").order_by("pk"))


def lock_agent(actor: Actor, agent_id: str) -> Agent:
    """Lock an agent in the running transaction. Whoever reserves a mandate of it waits, or is waited for.

    :raises NotFound: when the actor sees no such agent.
    """
    rows = selectors.agents_of(actor).select_for_update(of=("self",), no_key=True)
    found: Agent = rows.named(agent_id)
    return found


def _kill(agent: Agent, actor: Actor) -> bool:
    if agent.state == Agent.State.KILLED:
        return False
    before = agent.public()
    agent.state, agent.killed_at, agent.killed_by = Agent.State.KILLED, clock.now(), actor.id
    _save(agent, before, "agent.killed", actor, fields=["state", "killed_at", "killed_by"])
    return True


def _save(agent: Agent, before: dict[str, Any], event: str, actor: Actor, *, fields: list[str]) -> None:
    after = agent.public()
    changes = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
    if changes:
        agent.save(update_fields=fields)
        events.emit(event, subject=agent, actor=actor, data=after, changes=changes)


def _check_scopes(actor: Actor, scopes: Collection[str]) -> None:
    allowed = {scope for scope in AGENT_SCOPES if scope in AGENT_ONLY or actor.may(scope)}
    beyond = sorted(set(scopes) - allowed)
    if beyond:
        hint = "Ask for scopes that you have; people and settings are never an agent's."
        raise ScopesTooWide("An agent may not carry these scopes", hint=hint, scopes=beyond)


def _owner(actor: Actor, user_id: str) -> User:
    try:
        key = ids.parse(User.prefix, user_id)
    except ids.InvalidId:
        raise OwnerNeeded("An agent needs a person who answers for it") from None
    places = Membership.objects.filter(user_id=key, merchant_id=actor.merchant, is_active=True, user__is_active=True)
    found = places.select_related("user").first()
    if found is None:
        raise OwnerNeeded("The owner is no active member of this merchant", owner=user_id[:60])
    return found.user


def _toolsets(wanted: Collection[str]) -> list[str]:
    found = sorted(set(wanted))
    if len(found) > MOST_TOOLSETS or not all(_TOOLSET.fullmatch(name) for name in found):
        raise InvalidInput("A toolset is a word of small letters", hint="For example payments, wallets or agents.")
    return found
