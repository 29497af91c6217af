"""From a bearer value to an Actor: API keys and agent keys here, tokens in ``tokens``."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from rupai.accounts.models import Agent, AgentKey, ApiKey, Merchant
from rupai.accounts.scopes import AGENT_ONLY
from rupai.accounts.services import credentials, uses
from rupai.core import clock, ids, statements
from rupai.core.actor import Actor

_KEY = "FROM accounts_apikey t0 JOIN accounts_merchant t1 ON t1.id = t0.merchant_id WHERE t0.id = %s"
# One query for both ways to an agent. Without a row it is gone, or its merchant, its owner or the owner's place there
# is missing or switched off.
_AGENT = """
    SELECT a.id, a.merchant_id, a.livemode, a.name, a.scopes, a.read_only, a.state, a.expires_at, r.scopes,
        k.secret_digest, k.expires_at, k.revoked_at
    FROM accounts_agent a
    JOIN accounts_merchant m ON m.id = a.merchant_id AND m.is_active
    JOIN accounts_user u ON u.id = a.owner_id AND u.is_active
    JOIN accounts_membership p ON p.user_id = u.id AND p.merchant_id = m.id AND p.is_active
    JOIN accounts_role r ON r.id = p.role_id
    LEFT JOIN accounts_agentkey k ON k.id = %(key)s
    WHERE a.id = coalesce(%(agent)s, (SELECT agent_id FROM accounts_agentkey WHERE id = %(key)s))
"""


@dataclass(frozen=True, slots=True)
class _Standing:
    """An agent as it stands now, and the key that was asked for with it."""

    agent: UUID
    merchant: UUID
    livemode: bool
    name: str
    scopes: list[str]
    read_only: bool
    state: str
    expires_at: datetime | None
    of_owner: list[str]
    digest: str | None
    key_expires_at: datetime | None
    key_revoked_at: datetime | None

    def actor(self) -> Actor | None:
        """The agent as an actor; None when it, or the key, has ended."""
        now = clock.now()
        ends = [moment for moment in (self.expires_at, self.key_expires_at) if moment is not None]
        if self.state != Agent.State.ACTIVE or self.key_revoked_at is not None or any(end <= now for end in ends):
            return None
        name = ids.public_id(Agent.prefix, self.agent)
        scopes = scopes_of_agent(self.scopes, of_owner=self.of_owner, read_only=self.read_only)
        return Actor("agent", name, self.merchant, self.livemode, scopes, name, self.name)


def actor_of_key(value: str, *, address: str | None, agent: str = "") -> Actor | None:
    """Authenticate ``rk_<mode>_<id>_<secret>``; None when it is wrong, revoked, expired or its merchant is closed."""
    shown = credentials.read(value, ApiKey)
    if shown is None:
        return None
    key = _key(shown.key_id)
    right = credentials.proves(shown, key.secret_digest if key else None)
    if key is None or not right or not key.is_usable(clock.now()) or not key.merchant.is_active:
        return None
    if key.livemode != shown.livemode:
        return None
    uses.note(key, address=address, agent=agent)
    return Actor("key", key.public_id, key.merchant_id, key.livemode, frozenset(key.scopes), "rest", key.name)


def actor_of_agent_key(value: str, *, address: str | None, agent: str = "") -> Actor | None:
    """Authenticate ``ak_<mode>_<id>_<secret>`` as its agent, in one query.

    ``agent`` is the caller's User-Agent. None when the key is wrong, revoked or expired, when its agent is killed or
    expired, or when the agent's owner has no place at the merchant any more. The actor's door is the agent.
    """
    shown = credentials.read(value, AgentKey)
    if shown is None:
        return None
    found = _standing(key=shown.key_id)
    right = credentials.proves(shown, found.digest if found else None)
    actor = found.actor() if found is not None and right else None
    if actor is None or actor.livemode != shown.livemode:
        return None
    uses.note_agent_key(shown.key_id, address=address, agent=agent)
    return actor


def actor_of_agent(agent_id: str) -> Actor | None:
    """The actor for an agent that is known by other means than a key of its own, such as a token or an approval.

    None when there is none, it is killed or expired, or its owner has no place at the merchant any more.
    """
    try:
        found = _standing(agent=ids.parse(Agent.prefix, agent_id))
    except ids.InvalidId:
        return None
    return found.actor() if found is not None else None


def scopes_of_agent(scopes: list[str], *, of_owner: list[str], read_only: bool) -> frozenset[str]:
    """What an agent may do now: no more than its owner's role; and when it may only read, nothing that writes."""
    found = frozenset(scopes) & (frozenset(of_owner) | AGENT_ONLY)
    return frozenset(scope for scope in found if scope in AGENT_ONLY or scope.endswith(":read")) if read_only else found


def _key(identifier: UUID) -> ApiKey | None:
    for key, merchant in statements.read([ApiKey, Merchant], _KEY, [identifier]):
        key.merchant = merchant
        found: ApiKey = key
        return found
    return None


def _standing(*, key: UUID | None = None, agent: UUID | None = None) -> _Standing | None:
    with connection.cursor() as cursor:
        cursor.execute(_AGENT, {"key": key, "agent": agent})
        row = cursor.fetchone()
    return _Standing(*row) if row else None
