"""What an agent's mandates let it move: asked about, reserved with the intent, committed or released with the outcome.

Reserving and settling hold the mandate's row, so that many movements at once count one after the other. Whoever also
locks a payment, a wallet or accounts of the ledger takes the mandate after payment and wallet, and before the accounts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q

from rupai.accounts.models import Agent, Merchant
from rupai.approvals.models import Mandate, MandateCounter, MandateUse
from rupai.approvals.services.verdicts import Asked, Verdict, judge, nearness
from rupai.approvals.states import MandateState, UseState, Window
from rupai.core import clock, locks, statements
from rupai.core.actor import Actor
from rupai.core.money import Money
from rupai.core.rows import RowQuerySet, key_of

_PREFIX = f"{Agent.prefix}_"
_AGENT = "FROM accounts_agent t0 JOIN accounts_merchant t1 ON t1.id = t0.merchant_id WHERE t0.id = %s"
# Whoever kills the agent waits for those who got here first, and those who come later see it.
_AGENT_HELD = f"{_AGENT} FOR SHARE OF t0"
# For whatever needs no mandate.
FREE = Verdict(outcome="allowed")
# A counter is opened by the first use in its window.
_COUNT = """
    INSERT INTO approvals_mandatecounter AS c (mandate_id, currency, "window", starts_at, ceiling, used, reserved)
    SELECT %(mandate)s, %(currency)s, w.span, w.starts_at, w.ceiling, %(used)s, %(reserved)s
    FROM unnest(%(windows)s::text[], %(starts)s::timestamptz[], %(ceilings)s::bigint[]) AS w (span, starts_at, ceiling)
    ON CONFLICT (mandate_id, currency, "window", starts_at)
    DO UPDATE SET used = c.used + excluded.used, reserved = c.reserved + excluded.reserved
"""
# What settling a use changes in its counters, as shares of its amount: used and reserved, by the states around it.
_MOVES: dict[tuple[str, str], tuple[int, int]] = {
    (UseState.RESERVED, UseState.COMMITTED): (1, -1),
    (UseState.RESERVED, UseState.RELEASED): (0, -1),
    # An authorisation that was counted when it was made, and let go without taking the money.
    (UseState.COMMITTED, UseState.RELEASED): (-1, 0),
}
Taken = Mapping[UUID, Mapping[Window, int]]


def policy(*, actor: Actor, scope: str, money: Money, payee: str, at: datetime | None = None) -> Verdict:
    """Tell whether an actor may move money now, without holding or changing anything.

    ``scope`` is the one that the movement needs, ``payee`` the public id of the customer or wallet it is for. Those who
    are no agents need no mandate.
    """
    if actor.kind != "agent":
        return FREE
    agent, zone = _agent(actor, _AGENT)
    asked = Asked(money=money, payee=payee, at=at or clock.now(), zone=zone, approved=bool(actor.approval))
    mandates = list(_mandates(actor, scope))
    return _best(agent, mandates, _taken(mandates, asked), asked)[0]


def reserve(*, actor: Actor, scope: str, money: Money, payee: str, key: str, subject: str) -> None:
    """Set an amount of the agent's mandate aside, in the transaction that records the intent.

    ``key`` is the public id of the row that stands for the movement; ``commit`` and ``release`` know it again by this.
    Nothing is asked of the database for actors who are no agents.

    :raises MandateRefused: with the ``reason``; above ``approval_over`` also, unless a second person has agreed.
    """
    _take(actor, scope, money, payee, key, subject, UseState.RESERVED)


def spend(*, actor: Actor, scope: str, money: Money, payee: str, key: str, subject: str) -> None:
    """Reserve and commit in one, for money that moves in the running transaction.

    :raises MandateRefused: as ``reserve`` does.
    """
    _take(actor, scope, money, payee, key, subject, UseState.COMMITTED)


def commit(*, key: str, by: str) -> None:
    """Count a reserved movement as done, in the transaction that records its outcome.

    ``by`` is who made the row: nothing is asked of the database unless that was an agent. Twice changes nothing.
    """
    _settle(key, by, UseState.COMMITTED)


def release(*, key: str, by: str) -> None:
    """Give back what was reserved for a movement that did not take place, or that was undone before money moved."""
    _settle(key, by, UseState.RELEASED)


def by_agent(maker: str) -> bool:
    """Whether a row was made by an agent."""
    return maker.startswith(_PREFIX)


def _take(actor: Actor, scope: str, money: Money, payee: str, key: str, subject: str, state: UseState) -> None:
    if actor.kind != "agent":
        return
    locks.need_transaction()
    mandates = list(_mandates(actor, scope).select_for_update(of=("self",)))
    agent, zone = _agent(actor, _AGENT_HELD)
    now = clock.now()
    asked = Asked(money=money, payee=payee, at=now, zone=zone, approved=bool(actor.approval))
    verdict, mandate = _best(agent, mandates, _taken(mandates, asked), asked)
    if mandate is None or not verdict.allowed:
        raise verdict.refusal()
    starts = mandate.starts(now, zone)
    use = MandateUse(
        merchant_id=mandate.merchant_id,
        livemode=mandate.livemode,
        created_at=now,
        mandate=mandate,
        key=key,
        scope=scope,
        subject=subject,
        payee=payee,
        amount=money.minor,
        currency=money.currency,
        hour_at=starts[Window.HOUR],
        day_at=starts[Window.DAY],
        month_at=starts[Window.MONTH],
        state=state,
        settled_at=None if state == UseState.RESERVED else now,
        approval=actor.approval,
    )
    _count(use, mandate, starts)
    statements.write([use])


def _agent(actor: Actor, query: str) -> tuple[Agent | None, ZoneInfo]:
    """The agent as it is now, and its merchant's time zone."""
    for agent, merchant in statements.read([Agent, Merchant], query, [key_of(actor.id, Agent.prefix)]):
        known = (agent.merchant_id, agent.livemode) == (actor.merchant_id, actor.livemode)
        return agent if known else None, ZoneInfo(merchant.timezone)
    return None, ZoneInfo("UTC")


def _mandates(actor: Actor, scope: str) -> RowQuerySet[Mandate]:
    """The mandates of an agent that cover a scope and were not revoked, the oldest first."""
    agent = key_of(actor.id, Agent.prefix)
    rows: RowQuerySet[Mandate] = Mandate.objects.visible_to(actor)
    return rows.filter(agent_id=agent, state=MandateState.ACTIVE, scopes__contains=[scope]).order_by("pk")


def _best(
    agent: Agent | None, mandates: Iterable[Mandate], taken: Taken, asked: Asked
) -> tuple[Verdict, Mandate | None]:
    """The verdict that is best for the agent, the oldest mandate first where several say the same."""
    if agent is None or not agent.is_running(asked.at):
        return Verdict(outcome="denied", reason="agent_killed"), None
    judged = [(judge(mandate, asked, taken.get(mandate.pk, {})), mandate) for mandate in mandates]
    if not judged:
        return Verdict(outcome="denied", reason="no_mandate"), None
    return min(judged, key=lambda pair: nearness(pair[0]))


def _taken(mandates: list[Mandate], asked: Asked) -> Taken:
    """What is used and reserved of each mandate in the windows around a movement."""
    found: dict[UUID, dict[Window, int]] = defaultdict(dict)
    if mandates:
        here = Q()
        for window, start in mandates[0].starts(asked.at, asked.zone).items():
            here |= Q(window=window) if window == Window.TOTAL else Q(window=window, starts_at=start)
        counters = MandateCounter.objects.filter(here, mandate__in=mandates, currency=asked.money.currency)
        for counter in counters:
            found[counter.mandate_id][Window(counter.window)] = counter.taken
    return found


def _count(use: MandateUse, mandate: Mandate, starts: Mapping[Window, datetime]) -> None:
    """Add a new use to the counters of its windows; the mandate's row is held."""
    ceilings = {window: ceiling for window, ceiling in mandate.ceilings(use.currency).items() if window in starts}
    reserved = use.amount if use.state == UseState.RESERVED else 0
    values: dict[str, Any] = {
        "mandate": mandate.pk,
        "currency": use.currency,
        "windows": [str(window) for window in ceilings],
        "starts": [starts[window] for window in ceilings],
        "ceilings": list(ceilings.values()),
        "used": use.amount - reserved,
        "reserved": reserved,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)


def _settle(key: str, by: str, state: UseState) -> None:
    if not by_agent(by):
        return
    locks.need_transaction()
    # Whoever settles a use holds the lock of the row that it stands for, so its state does not change meanwhile.
    use = MandateUse.objects.filter(key=key).first()
    change = _MOVES.get((use.state, state)) if use is not None else None
    if use is None or change is None:
        return
    mandate = locks.lock_key(Mandate, use.mandate_id)
    used, reserved = change
    windows = {Window.HOUR: use.hour_at, Window.DAY: use.day_at, Window.MONTH: use.month_at}
    here = Q(window=Window.TOTAL)
    for window, start in windows.items():
        here |= Q(window=window, starts_at=start)
    MandateCounter.objects.filter(here, mandate=mandate, currency=use.currency).update(
        used=F("used") + used * use.amount, reserved=F("reserved") + reserved * use.amount
    )
    use.state, use.settled_at = state, clock.now()
    use.save(update_fields=["state", "settled_at"])
