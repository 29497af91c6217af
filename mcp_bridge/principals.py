"""Who calls at the door of agents: an agent by its key, or by a token that was issued for this address."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from rupai.accounts.services.authenticate import actor_of_agent_key
from rupai.core.actor import Actor

PATH = "/mcp"
METADATA = "/.well-known/oauth-protected-resource"


@dataclass(frozen=True, slots=True)
class Caller:
    """An agent that was recognised."""

    actor: Actor

    @property
    def key(self) -> str:
        return self.actor.id


def resource() -> str:
    """The address of the MCP server, which a token must be meant for."""
    return f"{settings.BASE_URL}{PATH}"


def authenticate(headers: Mapping[str, str], *, address: str | None) -> Caller | None:
    """Recognise the agent of a bearer value; None when there is none, or it is wrong, expired or revoked."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    actor = actor_of_agent_key(value.strip(), address=address, agent=headers.get("user-agent", ""))
    return None if actor is None else Caller(actor)


def challenge(*, wrong: bool) -> str:
    """What a caller is told who is not recognised (RFC 6750, RFC 9728)."""
    told = f'Bearer realm="rupai", resource_metadata="{settings.BASE_URL}{METADATA}{PATH}"'
    return f'{told}, error="invalid_token", error_description="The key or token is not valid"' if wrong else told


def scopes_needed(scopes: list[str]) -> str:
    """What a caller is told whose scopes do not suffice: all that it should ask for."""
    wanted = " ".join(scopes)
    return f'{challenge(wrong=False)}, error="insufficient_scope", scope="{wanted}"'
