"""Agents ask, people decide: never the agent, its key or a program, and a stopped agent's wish comes to nothing."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from rupai.accounts.models import Agent
from rupai.accounts.services.agents import change_agent, kill_agent, revive_agent
from rupai.accounts.tests.factories import acting, new_agent
from rupai.approvals import registry
from rupai.approvals.errors import NotRequester, NotWaiting, PersonNeeded
from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome
from rupai.approvals.selectors import approvals_of
from rupai.approvals.services import decide, request
from rupai.approvals.services.execute import execute
from rupai.approvals.tests.conftest import Ran
from rupai.approvals.tests.factories import House
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import ScopeMissing
from rupai.core.idempotency import KeyReused
from rupai.core.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def agent(house: House) -> Agent:
    return new_agent(house.owner)


def ask(agent: Agent, *, key: str = "wish-0001", amount: int = 500, **more: Any) -> Approval:
    return request.request_approval(
        actor=acting(agent),
        operation="test.pay_out",
        arguments={"amount": amount},
        summary=f"Pay out {amount}",
        idempotency_key=key,
        **more,
    )


def test_the_owner_decides_what_the_agent_asked_for(ran: Ran, house: House, agent: Agent) -> None:
    asked = ask(agent)
    assert (asked.requested_by, asked.state) == (agent.public_id, "requested")
    decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id)
    assert execute(approval_id=asked.public_id) is True
    assert execute(approval_id=asked.public_id) is False
    asked.refresh_from_db()
    assert (asked.state, asked.result["amount"]) == ("executed", 500)
    assert ran == [(agent.public_id, asked.pk, {"amount": 500})]
    assert Event.objects.get(type="approval.requested").actor == agent.public_id


def test_neither_agent_nor_key_nor_program_decides(ran: Ran, house: House, agent: Agent) -> None:
    asked, other = ask(agent), new_agent(house.finance)
    everything = house.actor(house.owner).scopes
    key = Actor("key", "key_0000000000000000000001", house.merchant.pk, False, everything)
    wrong = [
        acting(agent),
        acting(other),
        key,
        # A token that an agent's client made up to look like its owner's door is still an agent's.
        replace(acting(agent), scopes=everything, door="console"),
        Actor.platform("janitor", merchant_id=house.merchant.pk),
    ]
    for actor in wrong:
        with pytest.raises(PersonNeeded):
            decide.approve(actor=actor, approval_id=asked.public_id)
        with pytest.raises(PersonNeeded):
            decide.reject(actor=actor, approval_id=asked.public_id, reason="No")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, ran) == ("requested", "", [])


def test_a_person_without_the_scope_does_not_decide(ran: Ran, house: House, agent: Agent) -> None:
    with pytest.raises(ScopeMissing):
        decide.approve(actor=house.actor(house.viewer), approval_id=ask(agent).public_id)


def test_it_is_decided_once_and_in_time(ran: Ran, house: House, agent: Agent) -> None:
    asked, late = ask(agent), ask(agent, key="wish-0002", lives=timedelta(hours=1))
    decide.reject(actor=house.actor(house.owner), approval_id=asked.public_id, reason="Too much")
    with pytest.raises(NotWaiting):
        decide.approve(actor=house.actor(house.finance), approval_id=asked.public_id)
    with clock.at(late.expires_at), pytest.raises(NotWaiting):
        decide.approve(actor=house.actor(house.owner), approval_id=late.public_id)
    assert execute(approval_id=asked.public_id) is False
    assert execute(approval_id=late.public_id) is False
    assert ran == []


def test_a_key_stands_for_one_wish(ran: Ran, house: House, agent: Agent) -> None:
    asked = ask(agent)
    assert ask(agent).pk == asked.pk
    with pytest.raises(KeyReused):
        ask(agent, amount=501)
    with pytest.raises(KeyReused):
        ask(new_agent(house.owner))
    assert Approval.objects.count() == 1


def test_changed_arguments_are_not_carried_out(ran: Ran, house: House, agent: Agent) -> None:
    asked = ask(agent)
    decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id)
    Approval.objects.update(arguments={"amount": 500_000})
    assert execute(approval_id=asked.public_id) is True
    asked.refresh_from_db()
    assert (asked.state, ran) == ("failed", [])


def test_an_agent_sees_and_takes_back_its_own_wishes_only(ran: Ran, house: House, agent: Agent) -> None:
    mine, theirs = ask(agent), house.ask(key="wish-0002")
    assert list(approvals_of(acting(agent))) == [mine]
    with pytest.raises(NotRequester):
        request.cancel(actor=acting(agent), approval_id=theirs.public_id)
    assert request.cancel(actor=acting(agent), approval_id=mine.public_id).state == "cancelled"


def test_an_agent_asks_for_no_more_than_it_may_do(ran: Ran, house: House) -> None:
    narrow = new_agent(house.owner, scopes=frozenset({"payments:write"}))
    with pytest.raises(ScopeMissing):
        ask(narrow)
    assert not Approval.objects.exists()


def test_a_killed_agents_wish_fails_by_name(ran: Ran, house: House, agent: Agent) -> None:
    owner = house.actor(house.owner)
    asked, later = ask(agent), ask(agent, key="wish-0002")
    for each in (asked, later):
        decide.approve(actor=owner, approval_id=each.public_id)
    kill_agent(actor=owner, agent_id=agent.public_id)
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    assert (asked.state, ran) == ("failed", [])
    assert asked.result["summary"].startswith("The agent that asked for this was stopped; nothing was done.")
    revive_agent(actor=owner, agent_id=agent.public_id)
    execute(approval_id=later.public_id)
    assert len(ran) == 1


def test_a_wish_fails_when_the_agent_lost_the_scope(ran: Ran, house: House, agent: Agent) -> None:
    owner, asked = house.actor(house.owner), ask(agent)
    decide.approve(actor=owner, approval_id=asked.public_id)
    change_agent(actor=owner, agent_id=agent.public_id, scopes=["payments:read"])
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    assert (asked.state, ran) == ("failed", [])


def test_it_is_carried_out_as_the_agent_with_one_scope(ran: Ran, house: House, agent: Agent) -> None:
    seen: list[Actor] = []

    @registry.executor("test.pay_out", scope="refunds:write", title="Pay out")
    def look(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
        seen.append(actor)
        return Outcome(summary="Looked")

    asked = ask(agent)
    decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id)
    execute(approval_id=asked.public_id)
    name = agent.public_id
    only = frozenset({"refunds:write"})
    assert seen == [Actor("agent", name, house.merchant.pk, False, only, name, "Till", asked.public_id)]
