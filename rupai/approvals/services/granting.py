"""Mandates: granted to an agent by a person, and revoked; never changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from rupai.accounts.models import Agent, Customer
from rupai.accounts.scopes import MONEY_SCOPES
from rupai.accounts.services.agents import lock_agent
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.approvals.models import Mandate
from rupai.approvals.states import MandateState, Window
from rupai.core import clock, events, ids, locks
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput, NotFound, WrongState
from rupai.core.money import MAX_MINOR, currency

MOST_PAYEES = 200
# The wallets' own floor is above this one, so their prefix stands here as a word.
_PAYEES = (Customer.prefix, "wal")
Limits = Mapping[str, Mapping[str, int]]


def grant_mandate(
    *,
    actor: Actor,
    agent_id: str,
    scopes: Collection[str],
    limits: Limits,
    approval_over: Mapping[str, int] | None = None,
    allowed_payees: Collection[str] = (),
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> Mandate:
    """Let an agent move money within limits.

    ``limits`` maps a currency to windows (``transaction, hour, day, month, total``) and their ceilings in minor units;
    ``approval_over`` a currency to the amount above which a second person has to agree. Hours are UTC's; days and
    months are those of the merchant's time zone.

    :raises NotFound: when the actor sees no such agent.
    :raises WrongState: when the agent is killed or expired.
    :raises ScopesTooWide: when actor or agent lack a scope, or it moves no money.
    :raises InvalidInput: when a limit, payee or time cannot be taken.
    """
    actor.require("agents:write")
    begins = valid_from or clock.now()
    _check_limits(limits, approval_over or {})
    _check_payees(allowed_payees)
    _check_times(begins, valid_until)
    with transaction.atomic():
        agent = lock_agent(actor, agent_id)
        _check_agent(actor, agent, scopes)
        return _write(
            actor,
            agent,
            scopes=sorted(set(scopes)),
            limits={code: dict(windows) for code, windows in limits.items()},
            approval_over=dict(approval_over or {}),
            allowed_payees=sorted(set(allowed_payees)),
            valid_from=begins,
            valid_until=valid_until,
        )


def _write(actor: Actor, agent: Agent, **terms: Any) -> Mandate:
    mandate = Mandate(
        merchant_id=agent.merchant_id,
        livemode=agent.livemode,
        created_at=clock.now(),
        agent=agent,
        granted_by=actor.id,
        **terms,
    )
    mandate.save(force_insert=True)
    events.emit("mandate.granted", subject=mandate, actor=actor, data=mandate.public())
    return mandate


def revoke_mandate(*, actor: Actor, mandate_id: str) -> Mandate:
    """End a mandate at once; what is reserved under it is still settled. Revoking it again changes nothing.

    :raises NotFound: when the actor sees no such mandate.
    """
    actor.require("agents:write")
    with transaction.atomic():
        seen: Mandate = Mandate.objects.visible_to(actor).named(mandate_id)
        mandate = locks.lock_key(Mandate, seen.pk)
        if mandate is None:
            raise NotFound(f"No mandate {mandate_id[:60]!r}")
        if mandate.state == MandateState.REVOKED:
            return mandate
        before = mandate.status
        mandate.state, mandate.revoked_at, mandate.revoked_by = MandateState.REVOKED, clock.now(), actor.id
        mandate.save(update_fields=["state", "revoked_at", "revoked_by"])
        changes: dict[str, list[object]] = {"status": [before, mandate.status]}
        events.emit("mandate.revoked", subject=mandate, actor=actor, data=mandate.public(), changes=changes)
        return mandate


def _check_agent(actor: Actor, agent: Agent, scopes: Collection[str]) -> None:
    if not agent.is_running(clock.now()):
        raise WrongState(f"This agent is {agent.status}", agent=agent.public_id)
    if not scopes:
        raise InvalidInput("A mandate needs at least one scope")
    allowed = {scope for scope in MONEY_SCOPES if actor.may(scope) and scope in agent.scopes}
    beyond = sorted(set(scopes) - allowed)
    if beyond:
        hint = "A mandate covers scopes that move money, and that you and the agent both have."
        raise ScopesTooWide("The mandate may not cover these scopes", hint=hint, scopes=beyond)


def _check_limits(limits: Limits, approval_over: Mapping[str, int]) -> None:
    if not limits or not all(limits.values()):
        raise InvalidInput("A mandate needs at least one limit for each currency")
    for code, windows in limits.items():
        currency(code)
        for window, ceiling in windows.items():
            if window not in Window:
                raise InvalidInput(f"There is no window {window[:20]!r}", hint=f"Use one of {', '.join(Window)}.")
            _check_amount(ceiling, least=1)
    for code, amount in approval_over.items():
        if code not in limits:
            raise InvalidInput(f"There is no limit in {code[:3]} beside its approval limit")
        _check_amount(amount, least=0)


def _check_amount(amount: int, *, least: int) -> None:
    if type(amount) is not int or not least <= amount <= MAX_MINOR:
        raise InvalidInput(f"A limit is a whole number of minor units from {least} to {MAX_MINOR}")


def _check_times(begins: datetime, ends: datetime | None) -> None:
    if ends is not None and ends <= max(begins, clock.now()):
        raise InvalidInput("A mandate must end after it begins, and not in the past")


def _check_payees(payees: Collection[str]) -> None:
    if len(payees) > MOST_PAYEES:
        raise InvalidInput(f"A mandate names at most {MOST_PAYEES} payees")
    for payee in payees:
        if not any(_is_id(prefix, payee) for prefix in _PAYEES):
            raise InvalidInput(
                f"{payee[:60]!r} is no payee", hint="Name customers (cust_...) and wallets (wal_...) by their ids."
            )


def _is_id(prefix: str, text: str) -> bool:
    try:
        ids.parse(prefix, text)
    except ids.InvalidId:
        return False
    return True
