"""Agents: no wider than their maker and their owner, stopped at once, and gone with the person who answers for them."""

from datetime import timedelta

import pytest

from rupai.accounts.models import Agent, Membership
from rupai.accounts.scopes import AGENT_ONLY, AGENT_SCOPES, KEY_SCOPES, MONEY_SCOPES, PEOPLE_ONLY
from rupai.accounts.services import people
from rupai.accounts.services.agents import OwnerNeeded, change_agent, create_agent, kill_agent, revive_agent
from rupai.accounts.services.authenticate import actor_of_agent, actor_of_agent_key
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.accounts.tests.factories import (
    acting,
    actor_of,
    new_agent,
    new_agent_key,
    new_member,
    new_merchant,
    owner_of,
)
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput, NotFound, ScopeMissing, WrongState
from rupai.core.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Membership:
    return new_member()


def told(agent: Agent) -> list[str]:
    return list(Event.objects.filter(subject_id=agent.public_id).order_by("inserted").values_list("type", flat=True))


def test_what_an_agent_may_carry_is_apart_from_what_people_keep() -> None:
    assert MONEY_SCOPES | AGENT_ONLY <= AGENT_SCOPES
    assert not AGENT_SCOPES & PEOPLE_ONLY
    assert {"users:write", "settings:write", "api_keys:write", "agents:write", "exports:create"} <= PEOPLE_ONLY
    assert not KEY_SCOPES & (AGENT_ONLY | {"agents:write"})


def test_an_agent_is_made_by_a_person_who_answers_for_it(owner: Membership) -> None:
    agent = create_agent(
        actor=actor_of(owner), name="Till", purpose="Counts the till", scopes=["mcp:self", "payments:read"]
    )
    assert agent.public_id[:4] == "agt_"
    assert (agent.owner, agent.created_by, agent.status) == (owner.user, owner.user.public_id, "active")
    event = Event.objects.get(type="agent.created")
    assert (event.actor, event.data["owner_id"]) == (owner.user.public_id, owner.user.public_id)
    assert acting(agent) == Actor(
        "agent",
        agent.public_id,
        owner.merchant_id,
        False,
        frozenset({"mcp:self", "payments:read"}),
        agent.public_id,
        "Till",
    )


@pytest.mark.parametrize("scope", sorted(PEOPLE_ONLY))
def test_what_people_keep_is_never_an_agents(owner: Membership, scope: str) -> None:
    with pytest.raises(ScopesTooWide) as refusal:
        create_agent(actor=actor_of(owner), name="Till", scopes=["payments:read", scope])
    assert refusal.value.details == {"scopes": [scope]}
    assert not Agent.objects.exists()


def test_nobody_gives_an_agent_more_than_they_have(owner: Membership) -> None:
    narrow = actor_of(owner, scopes=frozenset({"agents:write", "payments:read"}))
    with pytest.raises(ScopesTooWide):
        create_agent(actor=narrow, name="Till", scopes=["refunds:write"])
    made = create_agent(actor=narrow, name="Till", scopes=["payments:read", "mcp:self"])
    with pytest.raises(ScopesTooWide):
        change_agent(actor=narrow, agent_id=made.public_id, scopes=["payments:read", "refunds:write"])
    with pytest.raises(ScopeMissing):
        create_agent(actor=actor_of(owner, scopes=frozenset({"payments:read"})), name="x", scopes=["payments:read"])
    assert (Agent.objects.count(), told(made)) == (1, ["agent.created"])


def test_an_agent_does_no_more_than_its_owners_role(owner: Membership) -> None:
    support = new_member(owner.merchant, "support")
    agent = new_agent(support, scopes=frozenset({"payments:write", "refunds:write", "payments:read", "mcp:self"}))
    assert acting(agent).scopes == {"refunds:write", "payments:read", "mcp:self"}
    people.change_member(actor=actor_of(owner), user_id=support.user.public_id, role="viewer")
    assert acting(agent).scopes == {"payments:read", "mcp:self"}


def test_one_that_may_only_read_has_no_scope_that_writes(owner: Membership) -> None:
    agent = new_agent(owner)
    change_agent(actor=actor_of(owner), agent_id=agent.public_id, read_only=True)
    scopes = acting(agent).scopes
    assert not scopes & MONEY_SCOPES
    assert {scope.rpartition(":")[2] for scope in scopes} == {"read", "self"}


def test_the_owner_is_an_active_member(owner: Membership) -> None:
    stranger, away = new_member(), new_member(owner.merchant, "viewer")
    people.change_member(actor=actor_of(owner), user_id=away.user.public_id, is_active=False)
    for wrong in (stranger.user.public_id, away.user.public_id, "key_0000000000000000000001", "nobody"):
        with pytest.raises(OwnerNeeded):
            create_agent(actor=actor_of(owner), name="x", scopes=["payments:read"], owner_id=wrong)
    with pytest.raises(OwnerNeeded):
        create_agent(actor=Actor.platform("x", merchant_id=owner.merchant_id), name="x", scopes=["payments:read"])
    assert not Agent.objects.exists()


def test_what_cannot_be_taken_is_refused(owner: Membership) -> None:
    actor = actor_of(owner)
    with pytest.raises(InvalidInput):
        create_agent(actor=actor, name="x", scopes=["payments:read"], toolsets=["Payments!"])
    with pytest.raises(InvalidInput):
        create_agent(actor=actor, name="x", scopes=["payments:read"], expires_at=clock.now())
    assert not Agent.objects.exists()


def test_a_change_is_told_with_what_it_was_before(owner: Membership) -> None:
    agent = new_agent(owner, scopes=frozenset({"payments:read"}))
    ends = clock.now() + timedelta(days=1)
    given = {"name": "Till 2", "scopes": ["refunds:read", "payments:read"], "toolsets": ["wallets"], "expires_at": ends}
    change_agent(actor=actor_of(owner), agent_id=agent.public_id, **given)  # type: ignore[arg-type]
    change_agent(actor=actor_of(owner), agent_id=agent.public_id, name="Till 2")
    event = Event.objects.get(type="agent.changed")
    assert event.changes == {
        "name": ["Till", "Till 2"],
        "scopes": [["payments:read"], ["payments:read", "refunds:read"]],
        "toolsets": [[], ["wallets"]],
        "expires_at": [None, ends.isoformat()],
    }
    with clock.at(ends):
        agent.refresh_from_db()
        assert (agent.status, actor_of_agent(agent.public_id)) == ("expired", None)


def test_the_kill_switch_works_at_once_and_a_person_turns_it_back(owner: Membership) -> None:
    agent = new_agent(owner)
    key = new_agent_key(agent)
    assert actor_of_agent_key(key.secret, address=None) is not None
    for _ in range(2):
        killed = kill_agent(actor=actor_of(owner), agent_id=agent.public_id)
    assert (killed.status, killed.killed_by) == ("killed", owner.user.public_id)
    assert actor_of_agent_key(key.secret, address=None) is None
    assert actor_of_agent(agent.public_id) is None
    revive_agent(actor=actor_of(owner), agent_id=agent.public_id)
    with pytest.raises(WrongState):
        revive_agent(actor=actor_of(owner), agent_id=agent.public_id)
    assert actor_of_agent_key(key.secret, address=None) is not None
    assert told(agent) == ["agent.created", "agent.killed", "agent.revived"]


def test_an_agent_cannot_manage_agents(owner: Membership) -> None:
    agent = new_agent(owner)
    for act in (kill_agent, revive_agent, change_agent):
        with pytest.raises(ScopeMissing):
            act(actor=acting(agent), agent_id=agent.public_id)


@pytest.mark.parametrize("way", ["switched off", "removed", "closed everywhere"])
def test_an_agent_stops_with_its_owner(owner: Membership, way: str) -> None:
    leaver = new_member(owner.merchant, "finance")
    agent, other = new_agent(leaver), new_agent(owner)
    key = new_agent_key(agent)
    if way == "switched off":
        people.change_member(actor=actor_of(owner), user_id=leaver.user.public_id, is_active=False)
    elif way == "removed":
        people.remove_member(actor=actor_of(owner), user_id=leaver.user.public_id)
    else:
        people.disable_user(actor=Actor.platform("x"), user=leaver.user)
    agent.refresh_from_db()
    assert (agent.state, actor_of_agent_key(key.secret, address=None)) == ("killed", None)
    assert acting(other).id == other.public_id
    assert told(agent) == ["agent.created", "agent.killed"]
    if way != "closed everywhere":
        with pytest.raises(OwnerNeeded):
            revive_agent(actor=actor_of(owner), agent_id=agent.public_id)


def test_an_owner_who_is_switched_off_past_the_services_stops_it_too(owner: Membership) -> None:
    agent = new_agent(owner)
    Membership.objects.filter(pk=owner.pk).update(is_active=False)
    assert actor_of_agent(agent.public_id) is None


def test_agents_of_another_merchant_or_mode_do_not_exist(owner: Membership) -> None:
    agent = new_agent(owner)
    for stranger in (owner_of(new_merchant()), owner_of(owner.merchant, livemode=True)):
        for act in (kill_agent, revive_agent, change_agent):
            with pytest.raises(NotFound):
                act(actor=stranger, agent_id=agent.public_id)
    assert told(agent) == ["agent.created"]
