"""The smallest valid people, merchants and credentials."""

import secrets
import threading
from collections.abc import Callable
from typing import Any

from django.db import connection
from django_otp.oath import TOTP

from rupai.accounts.models import Agent, Authenticator, Membership, Merchant, Role, User
from rupai.accounts.scopes import AGENT_SCOPES, ALL, KEY_SCOPES
from rupai.accounts.services import agent_keys, agents, keys, second_factor, tokens
from rupai.accounts.services.authenticate import actor_of_agent
from rupai.core import clock
from rupai.core.actor import Actor

PASSWORD = "correct horse battery"


def new_merchant(name: str = "", **fields: Any) -> Merchant:
    made: Merchant = Merchant.objects.create(
        name=name or f"Merchant {secrets.token_hex(6)}", created_at=clock.now(), **fields
    )
    return made


def new_user(email: str = "", password: str | None = PASSWORD, **fields: Any) -> User:
    return User.objects.create_user(email or f"{secrets.token_hex(6)}@example.com", password, **fields)


def new_member(merchant: Merchant | None = None, role: str = "owner", **user: Any) -> Membership:
    return Membership.objects.create(
        user=new_user(**user),
        merchant=merchant or new_merchant(),
        role=Role.objects.get(merchant=None, name=role),
        created_at=clock.now(),
    )


def actor_of(member: Membership, *, livemode: bool = False, scopes: frozenset[str] | None = None) -> Actor:
    granted = frozenset(member.role.scopes) if scopes is None else scopes
    return Actor("user", member.user.public_id, member.merchant_id, livemode, granted)


def owner_of(merchant: Merchant, *, livemode: bool = False, scopes: frozenset[str] = ALL) -> Actor:
    """An actor of a merchant that needs no row of its own."""
    return Actor("user", "usr_0000000000000000000001", merchant.pk, livemode, scopes)


def new_key(merchant: Merchant, *, scopes: frozenset[str] = KEY_SCOPES, livemode: bool = False) -> keys.NewKey:
    actor = owner_of(merchant, livemode=livemode)
    return keys.create_key(actor=actor, name="Shop", scopes=sorted(scopes))


def new_agent(owner: Membership, *, scopes: frozenset[str] = AGENT_SCOPES, livemode: bool = False) -> Agent:
    """An agent that a member of the merchant answers for."""
    actor = owner_of(owner.merchant, livemode=livemode)
    return agents.create_agent(actor=actor, name="Till", scopes=sorted(scopes), owner_id=owner.user.public_id)


def new_agent_key(agent: Agent) -> agent_keys.NewAgentKey:
    actor = owner_of(agent.merchant, livemode=agent.livemode)
    return agent_keys.create_agent_key(actor=actor, agent_id=agent.public_id)


def acting(agent: Agent) -> Actor:
    """A running agent as the actor of services."""
    found = actor_of_agent(agent.public_id)
    assert found is not None
    return found


def access_token(member: Membership, *, livemode: bool = False) -> str:
    return tokens.issue(user=member.user, membership=member, livemode=livemode).access


def code_of(user: User) -> str:
    """What the person's authenticator app shows at this moment."""
    device = Authenticator.objects.get(user=user)
    clockwork = TOTP(device.secret)
    clockwork.time = clock.now().timestamp()
    return f"{clockwork.token():06d}"


def enrol(user: User) -> list[str]:
    """Give a person a second factor, whose next code is unused, and return the recovery codes."""
    second_factor.begin(user=user)
    codes = second_factor.confirm(user=user, code=code_of(user))[1]
    Authenticator.objects.filter(user=user).update(last_step=-1)
    user.__dict__.pop("has_second_factor", None)
    return codes


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run work in so many threads that start together; return results or exceptions in order."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(index: int) -> None:
        start.wait(10)
        try:
            results[index] = work(index)
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
