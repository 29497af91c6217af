"""Keys of agents: created and shown once, rotated with an overlap, revoked at once."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from rupai.accounts import selectors
from rupai.accounts.models import Agent, AgentKey
from rupai.accounts.services import agents, credentials
from rupai.accounts.services.credentials import NewCredential
from rupai.core import clock, events
from rupai.core.actor import Actor
from rupai.core.errors import WrongState

NewAgentKey = NewCredential[AgentKey]


def create_agent_key(*, actor: Actor, agent_id: str, expires_at: datetime | None = None) -> NewAgentKey:
    """Create a key of an agent; it can do what the agent can, in the agent's mode.

    :raises NotFound: when the actor sees no such agent.
    :raises WrongState: when the agent is killed or expired.
    :raises InvalidInput: when the expiry is in the past.
    """
    actor.require("agents:write")
    credentials.check_expiry(expires_at)
    with transaction.atomic():
        agent = agents.lock_agent(actor, agent_id)
        if not agent.is_running(clock.now()):
            raise WrongState(f"This agent is {agent.status}", agent=agent.public_id)
        made = _make(agent, actor, expires_at)
        events.emit("agent_key.created", subject=made.key, actor=actor, data=public(made.key))
        return made


def rotate_agent_key(*, actor: Actor, agent_id: str, key_id: str, overlap: timedelta) -> NewAgentKey:
    """Replace a key by a new one; the old one works until the overlap ends.

    :raises NotFound: when the agent has no such key.
    :raises WrongState: when the key is revoked, expired or already rotated.
    :raises InvalidInput: when the overlap is negative or longer than 7 days.
    """
    actor.require("agents:write")
    credentials.check_overlap(overlap)
    with transaction.atomic():
        old = _lock_key(actor, agent_id, key_id)
        credentials.check_replaceable(old)
        made = _make(old.agent, actor, old.expires_at)
        changes = credentials.hand_over(old, made.key, overlap=overlap)
        events.emit("agent_key.rotated", subject=old, actor=actor, data=public(old), changes=changes)
        return made


def revoke_agent_key(*, actor: Actor, agent_id: str, key_id: str) -> AgentKey:
    """End a key at once; revoking it again changes nothing.

    :raises NotFound: when the agent has no such key.
    """
    actor.require("agents:write")
    with transaction.atomic():
        key = _lock_key(actor, agent_id, key_id)
        _revoke(key, actor)
        return key


def revoke_agent_keys_made_by(*, actor: Actor, maker: str, merchant_id: UUID) -> int:
    """End the agents' keys that a person made at a merchant, whoever answers for the agents.

    Whoever leaves still knows the secrets. Must run inside a transaction; tells how many keys ended.
    """
    made = AgentKey.objects.select_for_update(of=("self",)).filter(merchant_id=merchant_id, created_by=maker)
    return sum(_revoke(key, actor) for key in made.select_related("agent").order_by("pk"))


def public(key: AgentKey) -> dict[str, object]:
    """The key's fields that may be shown; never the secret."""
    return {**credentials.public(key), "agent_id": key.agent.public_id}


def _lock_key(actor: Actor, agent_id: str, key_id: str) -> AgentKey:
    rows = selectors.agent_keys_of(actor, agent_id=agent_id).select_related("agent")
    return rows.select_for_update(of=("self",)).named(key_id)


def _make(agent: Agent, actor: Actor, expires_at: datetime | None) -> NewAgentKey:
    key = AgentKey(
        agent=agent,
        merchant_id=agent.merchant_id,
        livemode=agent.livemode,
        created_at=clock.now(),
        created_by=actor.id,
        expires_at=expires_at,
    )
    return credentials.make(key)


def _revoke(key: AgentKey, actor: Actor) -> bool:
    changes = credentials.end(key)
    if changes:
        events.emit("agent_key.revoked", subject=key, actor=actor, data=public(key), changes=changes)
    return bool(changes)
