"""Mandates: granted by people within what they and the agent may do, never changed, and revoked at once."""

from datetime import timedelta
from typing import Any

import pytest

from rupai.accounts.models import Agent
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.services.credentials import ScopesTooWide
from rupai.accounts.tests.factories import acting, new_agent, new_member, new_merchant, owner_of
from rupai.approvals.models import Mandate
from rupai.approvals.selectors import mandates_of
from rupai.approvals.services.ap2 import as_ap2
from rupai.approvals.services.granting import grant_mandate, revoke_mandate
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock, ids
from rupai.core.errors import InvalidInput, NotFound, ScopeMissing, WrongState
from rupai.core.models import Event
from rupai.core.money import MAX_MINOR, UnknownCurrency

pytestmark = pytest.mark.django_db
PAYEE = ids.public_id("cust", ids.new_key())


@pytest.fixture
def agent() -> Agent:
    return new_agent(new_member())


def test_a_mandate_is_granted_and_told(agent: Agent) -> None:
    until = clock.now() + timedelta(days=30)
    made = new_mandate(
        agent,
        {"INR": {"day": 20_000, "transaction": 5_000}, "USD": {"total": 900}},
        scopes=["refunds:write", "payments:write"],
        approval_over={"INR": 2_000},
        allowed_payees=[PAYEE],
        valid_until=until,
    )
    told = Event.objects.get(type="mandate.granted")
    assert told.data == made.public()
    assert made.public() | {"created_at": "", "valid_from": ""} == {
        "mandate_id": made.public_id,
        "agent_id": agent.public_id,
        "scopes": ["payments:write", "refunds:write"],
        "limits": [
            {"currency": "INR", "window": "transaction", "max": 5_000},
            {"currency": "INR", "window": "day", "max": 20_000},
            {"currency": "USD", "window": "total", "max": 900},
        ],
        "approval_over": [{"currency": "INR", "amount": 2_000}],
        "allowed_payees": [PAYEE],
        "valid_from": "",
        "valid_until": until.isoformat(),
        "status": "active",
        "granted_by": "usr_0000000000000000000001",
        "livemode": False,
        "created_at": "",
        "revoked_at": None,
        "revoked_by": "",
    }


def test_it_is_written_in_the_words_of_ap2(agent: Agent) -> None:
    until = clock.now() + timedelta(days=30)
    limits = {"INR": {"transaction": 5_000, "hour": 8_000, "day": 20_000, "total": 90_000}}
    more = {"scopes": ["payments:write"], "approval_over": {"INR": 2_000}, "allowed_payees": [PAYEE]}
    made = new_mandate(agent, limits, valid_until=until, **more)
    document = as_ap2(made)
    assert {name: document[name] for name in ("vct", "id", "agent", "status")} == {
        "vct": "mandate.payment.open.1",
        "id": made.public_id,
        "agent": {"id": agent.public_id},
        "status": "active",
    }
    assert (document["iat"], document["exp"]) == (int(made.created_at.timestamp()), int(until.timestamp()))
    assert document["constraints"] == [
        {"type": "payment.amount_range", "min": 0, "max": 5_000, "currency": "INR"},
        {"type": "payment.budget", "max": 90_000, "currency": "INR"},
        {"type": "in.rupai.budget_window", "max": 8_000, "currency": "INR", "window": "hour", "timezone": "UTC"},
        {
            "type": "in.rupai.budget_window",
            "max": 20_000,
            "currency": "INR",
            "window": "day",
            "timezone": "Asia/Kolkata",
        },
        {"type": "in.rupai.approval", "over": 2_000, "currency": "INR"},
        {"type": "payment.agent_recurrence", "frequency": "ON_DEMAND"},
        {"type": "payment.allowed_payees", "allowed": [{"id": PAYEE}]},
        {
            "type": "payment.execution_date",
            "not_before": made.valid_from.isoformat(),
            "not_after": until.isoformat(),
        },
        {"type": "in.rupai.scopes", "allowed": ["payments:write"]},
    ]


def test_nobody_grants_more_than_they_and_the_agent_have() -> None:
    owner = new_member()
    agent = new_agent(owner, scopes=frozenset({"payments:write", "payments:read"}))
    narrow = owner_of(owner.merchant, scopes=frozenset({"agents:write", "refunds:write"}))
    wishes: list[tuple[Any, list[str]]] = [
        (owner_of(owner.merchant), ["refunds:write"]),
        (owner_of(owner.merchant), ["payments:read"]),
        (narrow, ["payments:write"]),
    ]
    for actor, scopes in wishes:
        with pytest.raises(ScopesTooWide):
            grant_mandate(actor=actor, agent_id=agent.public_id, scopes=scopes, limits={"INR": {"total": 1}})
    assert not Mandate.objects.exists()


def test_an_agent_grants_and_revokes_nothing(agent: Agent) -> None:
    made = new_mandate(agent)
    with pytest.raises(ScopeMissing):
        grant_mandate(
            actor=acting(agent), agent_id=agent.public_id, scopes=["payments:write"], limits={"INR": {"total": 1}}
        )
    with pytest.raises(ScopeMissing):
        revoke_mandate(actor=acting(agent), mandate_id=made.public_id)
    assert Mandate.objects.get().status == "active"


@pytest.mark.parametrize(
    "wrong",
    [
        {"limits": {}},
        {"limits": {"INR": {}}},
        {"limits": {"INR": {"week": 100}}},
        {"limits": {"INR": {"day": 0}}},
        {"limits": {"INR": {"day": MAX_MINOR + 1}}},
        {"limits": {"INR": {"day": 100.0}}},
        {"limits": {"INR": {"day": True}}},
        {"limits": {"INR": {"day": "100"}}},
        {"approval_over": {"USD": 1}},
        {"approval_over": {"INR": -1}},
        {"allowed_payees": ["Asha"]},
        {"allowed_payees": ["cust_1"]},
        {"allowed_payees": ["pay_0000000000000000000001"]},
        {"scopes": []},
        {"valid_until": "now"},
        {"valid_from": "later", "valid_until": "soon"},
    ],
)
def test_what_cannot_be_a_limit_is_refused(agent: Agent, wrong: dict[str, Any]) -> None:
    now = clock.now()
    times = {"now": now, "soon": now + timedelta(hours=1), "later": now + timedelta(hours=2)}
    given: dict[str, Any] = {"limits": {"INR": {"day": 100}}, **wrong}
    for name in given.keys() & {"valid_from", "valid_until"}:
        given[name] = times[given[name]]
    with pytest.raises(InvalidInput):
        new_mandate(agent, **given)
    assert not Mandate.objects.exists()


def test_a_currency_that_nobody_pays_in_is_refused(agent: Agent) -> None:
    with pytest.raises(UnknownCurrency):
        new_mandate(agent, {"XXX": {"day": 100}})


def test_a_stopped_agent_is_granted_nothing(agent: Agent) -> None:
    kill_agent(actor=owner_of(agent.merchant), agent_id=agent.public_id)
    with pytest.raises(WrongState):
        new_mandate(agent)
    assert not Mandate.objects.exists()


def test_a_mandate_is_revoked_once_and_for_good(agent: Agent) -> None:
    made, owner = new_mandate(agent), owner_of(agent.merchant)
    for _ in range(2):
        ended = revoke_mandate(actor=owner, mandate_id=made.public_id)
    assert (ended.status, ended.revoked_by) == ("revoked", owner.id)
    assert Event.objects.get(type="mandate.revoked").changes == {"status": ["active", "revoked"]}


def test_mandates_of_others_do_not_exist(agent: Agent) -> None:
    made = new_mandate(agent)
    for stranger in (owner_of(new_merchant()), owner_of(agent.merchant, livemode=True)):
        with pytest.raises(NotFound):
            revoke_mandate(actor=stranger, mandate_id=made.public_id)
        with pytest.raises(NotFound):
            grant_mandate(
                actor=stranger, agent_id=agent.public_id, scopes=["payments:write"], limits={"INR": {"total": 1}}
            )
    other = new_agent(new_member(agent.merchant))
    assert list(mandates_of(acting(agent))) == [made]
    assert list(mandates_of(acting(other))) == []
    assert Mandate.objects.get().status == "active"
