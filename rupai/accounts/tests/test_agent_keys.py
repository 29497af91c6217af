"""Agents' keys: shown once, of their agent's mode, replaced with an overlap, and good for agents' doors alone."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from rupai.accounts.authentication import identify
from rupai.accounts.models import Agent, AgentKey, Membership
from rupai.accounts.services import people
from rupai.accounts.services.agent_keys import create_agent_key, revoke_agent_key, rotate_agent_key
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.services.authenticate import actor_of_agent_key, actor_of_key
from rupai.accounts.tests.factories import actor_of, new_agent, new_agent_key, new_key, new_member, owner_of
from rupai.core import clock
from rupai.core.errors import InvalidInput, NotFound, WrongState
from rupai.core.models import Event

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def owner() -> Membership:
    return new_member()


@pytest.fixture
def agent(owner: Membership) -> Agent:
    return new_agent(owner)


def test_a_key_authenticates_its_agent_in_one_query(
    agent: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = new_agent_key(agent)
    assert made.secret.startswith("ak_test_")
    actor = actor_of_agent_key(made.secret, address="192.0.2.7")
    assert actor is not None
    assert (actor.kind, actor.id, actor.door, actor.livemode) == ("agent", agent.public_id, agent.public_id, False)
    with django_assert_num_queries(1):
        actor_of_agent_key(made.secret, address="192.0.2.7")
    kept = AgentKey.objects.get()
    assert (kept.last_used_address, kept.last_used_at is not None) == ("192.0.2.7", True)


def test_neither_row_nor_event_holds_the_secret(agent: Agent) -> None:
    made = new_agent_key(agent)
    secret = made.secret.rsplit("_", 1)[1]
    event = Event.objects.get(type="agent_key.created")
    assert secret not in str(AgentKey.objects.values().get())
    assert secret not in str((event.data, event.changes))
    assert (event.data["last4"], event.data["agent_id"]) == (secret[-4:], agent.public_id)


def test_wrong_values_are_nobody(agent: Agent) -> None:
    made = new_agent_key(agent)
    head, secret = made.secret.rsplit("_", 1)
    for wrong in [
        f"{head}_{'0' * 48}",
        made.secret.replace("ak_test", "ak_live"),
        made.secret.replace("ak_", "rk_"),
        made.secret + "0",
        f"ak_test_{'0' * 22}_{secret}",
        "ak_test__",
        "ak_",
        "ak_test_é_ü",
        "",
    ]:
        assert actor_of_agent_key(wrong, address=None) is None, wrong


def test_agents_and_merchants_keys_open_their_own_doors_only(agent: Agent) -> None:
    of_agent, of_merchant = new_agent_key(agent).secret, new_key(agent.merchant).secret
    assert actor_of_key(of_agent, address=None) is None
    assert actor_of_agent_key(of_merchant, address=None) is None
    assert identify(of_agent, address=None) is None
    assert identify(of_merchant, address=None) is not None


def test_a_key_ends_with_its_time_its_revocation_and_its_merchant(agent: Agent, owner: Membership) -> None:
    actor = actor_of(owner)
    short = create_agent_key(actor=actor, agent_id=agent.public_id, expires_at=clock.now() + HOUR)
    with clock.at(clock.now() + HOUR):
        assert actor_of_agent_key(short.secret, address=None) is None
    other = new_agent_key(agent)
    for _ in range(2):
        revoke_agent_key(actor=actor, agent_id=agent.public_id, key_id=other.key.public_id)
    assert actor_of_agent_key(other.secret, address=None) is None
    assert Event.objects.filter(type="agent_key.revoked").count() == 1
    owner.merchant.is_active = False
    owner.merchant.save()
    assert actor_of_agent_key(short.secret, address=None) is None


def test_a_rotated_key_works_until_the_overlap_ends(agent: Agent, owner: Membership) -> None:
    actor, old, now = actor_of(owner), new_agent_key(agent), clock.now()
    names = {"agent_id": agent.public_id, "key_id": old.key.public_id}
    with pytest.raises(InvalidInput):
        rotate_agent_key(actor=actor, **names, overlap=timedelta(days=8))
    with clock.at(now):
        new = rotate_agent_key(actor=actor, **names, overlap=HOUR)
        with pytest.raises(WrongState):
            rotate_agent_key(actor=actor, **names, overlap=HOUR)
    with clock.at(now + timedelta(minutes=59)):
        assert actor_of_agent_key(old.secret, address=None) is not None
    with clock.at(now + HOUR):
        assert actor_of_agent_key(old.secret, address=None) is None
        assert actor_of_agent_key(new.secret, address=None) is not None
    assert AgentKey.objects.count() == 2


def test_a_stopped_agent_gets_no_key(agent: Agent, owner: Membership) -> None:
    kill_agent(actor=actor_of(owner), agent_id=agent.public_id)
    with pytest.raises(WrongState):
        new_agent_key(agent)
    assert not AgentKey.objects.exists()


def test_whoever_leaves_takes_along_no_key_of_anybodys_agent(agent: Agent, owner: Membership) -> None:
    leaver = new_member(owner.merchant, "admin")
    theirs = create_agent_key(actor=actor_of(leaver), agent_id=agent.public_id)
    kept = new_agent_key(agent)
    people.remove_member(actor=actor_of(owner), user_id=leaver.user.public_id)
    assert actor_of_agent_key(theirs.secret, address=None) is None
    assert actor_of_agent_key(kept.secret, address=None) is not None


def test_a_key_is_found_under_its_own_agent_only(agent: Agent, owner: Membership) -> None:
    made, other = new_agent_key(agent), new_agent(owner)
    strangers = [owner_of(new_member().merchant), owner_of(owner.merchant, livemode=True)]
    for actor, name in [(actor_of(owner), other.public_id), *((each, agent.public_id) for each in strangers)]:
        with pytest.raises(NotFound):
            revoke_agent_key(actor=actor, agent_id=name, key_id=made.key.public_id)
        with pytest.raises(NotFound):
            rotate_agent_key(actor=actor, agent_id=name, key_id=made.key.public_id, overlap=HOUR)
    assert actor_of_agent_key(made.secret, address=None) is not None
