"""Mandates over REST: granted by people, shown with what is used, revoked, and exported in AP2's words."""

from typing import Any

import pytest
from django.db import transaction

from rupai.accounts.models import Agent, Membership
from rupai.accounts.tests.factories import access_token, acting, new_agent, new_key, new_member
from rupai.approvals.models import Mandate
from rupai.approvals.services import mandates
from rupai.core.money import Money
from tests.places import call, check_problem, new_once

pytestmark = pytest.mark.django_db
LIMITS = [
    {"currency": "INR", "window": "day", "max": 20_000},
    {"currency": "INR", "window": "transaction", "max": 5_000},
]


@pytest.fixture
def owner() -> Membership:
    return new_member()


@pytest.fixture
def agent(owner: Membership) -> Agent:
    return new_agent(owner)


def wish(agent: Agent, **changed: Any) -> dict[str, Any]:
    given = {"agent_id": agent.public_id, "scopes": ["payments:write"], "limits": LIMITS}
    return {**given, "approval_over": [{"currency": "INR", "amount": 2_000}], **changed}


def grant(owner: Membership, body: dict[str, Any]) -> Any:
    return call("POST", "/api/v1/mandates", body, bearer=access_token(owner), Idempotency_Key=new_once())


def test_a_mandate_is_granted_read_and_revoked(owner: Membership, agent: Agent) -> None:
    made = grant(owner, wish(agent))
    assert made.status_code == 201, made.content
    shown = made.json()
    assert shown["limits"] == [
        {"currency": "INR", "window": "transaction", "max": 5_000, "used": 0, "remaining": 5_000},
        {"currency": "INR", "window": "day", "max": 20_000, "used": 0, "remaining": 20_000},
    ]
    assert (shown["status"], shown["granted_by"]) == ("active", owner.user.public_id)
    money, payee = Money(1_500, "INR"), "cust_0000000000000000000001"
    with transaction.atomic():
        mandates.reserve(
            actor=acting(agent), scope="payments:write", money=money, payee=payee, key="pay_1", subject="pay_1"
        )
    path, bearer = f"/api/v1/mandates/{shown['mandate_id']}", access_token(owner)
    again = call("GET", path, bearer=bearer).json()
    assert [limit["used"] for limit in again["limits"]] == [0, 1_500]
    ended = call("POST", f"{path}/revoke", bearer=bearer).json()
    assert (ended["status"], ended["revoked_by"]) == ("revoked", owner.user.public_id)


def test_it_is_exported_in_the_words_of_ap2(owner: Membership, agent: Agent) -> None:
    name = grant(owner, wish(agent)).json()["mandate_id"]
    document = call("GET", f"/api/v1/mandates/{name}/ap2", bearer=access_token(owner)).json()
    assert (document["vct"], document["id"]) == ("mandate.payment.open.1", name)
    kinds = {constraint["type"] for constraint in document["constraints"]}
    assert {"payment.amount_range", "payment.execution_date", "in.rupai.approval"} <= kinds


def test_the_list_is_narrowed_by_agent_and_state(owner: Membership, agent: Agent) -> None:
    other = new_agent(owner)
    mine, theirs = (grant(owner, wish(each)).json()["mandate_id"] for each in (agent, other))
    bearer = access_token(owner)
    call("POST", f"/api/v1/mandates/{theirs}/revoke", bearer=bearer)

    def listed(query: str) -> list[str]:
        found = call("GET", f"/api/v1/mandates?{query}", bearer=bearer).json()["data"]
        return [row["mandate_id"] for row in found]

    assert listed(f"agent_id={agent.public_id}") == [mine]
    assert listed("state=revoked") == [theirs]
    assert listed("agent_id=nobody") == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"limits": []}, "/limits"),
        ({"limits": [*LIMITS, LIMITS[0]]}, "/limits"),
        ({"limits": [{**LIMITS[0], "max": 100.0}]}, "/limits/0/max"),
        ({"limits": [{**LIMITS[0], "max": "100"}]}, "/limits/0/max"),
        ({"limits": [{**LIMITS[0], "window": "week"}]}, "/limits/0/window"),
        ({"approval_over": [{"currency": "INR", "amount": 1}] * 2}, "/approval_over"),
        ({"scopes": ["payments:read"]}, "/scopes/0"),
        ({"agent_id": "agt_1"}, "/agent_id"),
    ],
)
def test_what_is_wrong_is_pointed_at(owner: Membership, agent: Agent, changed: dict[str, Any], pointer: str) -> None:
    problem = check_problem(grant(owner, wish(agent, **changed)), 400, "invalid_input")
    assert pointer in {error["pointer"] for error in problem["errors"]}
    assert not Mandate.objects.exists()


def test_a_key_grants_nothing(owner: Membership, agent: Agent) -> None:
    key = new_key(owner.merchant)
    refused = call("POST", "/api/v1/mandates", wish(agent), bearer=key.secret, Idempotency_Key=new_once())
    check_problem(refused, 403, "scope_missing")
    assert not Mandate.objects.exists()
