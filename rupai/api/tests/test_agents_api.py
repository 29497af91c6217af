"""Agents over REST: made and stopped by people; their keys are shown once and open nothing here."""

from typing import Any

import pytest

from rupai.accounts.models import Agent, AgentKey, Membership
from rupai.accounts.services.authenticate import actor_of_agent_key
from rupai.accounts.tests.factories import access_token, new_agent, new_agent_key, new_key, new_member
from tests.places import call, check_problem, new_once

pytestmark = pytest.mark.django_db
TILL = {"name": "Till", "scopes": ["payments:read", "mcp:self"]}


@pytest.fixture
def owner() -> Membership:
    return new_member()


def post(owner: Membership, path: str, body: Any = None, **headers: str) -> Any:
    return call("POST", f"/api/v1/{path}", body, bearer=access_token(owner), **headers)


def test_an_agent_is_made_changed_killed_and_revived(owner: Membership) -> None:
    made = post(owner, "agents", {**TILL, "purpose": "Counts", "toolsets": ["payments"]})
    assert made.status_code == 201, made.content
    agent = made.json()
    assert (agent["owner_id"], agent["status"], agent["toolsets"]) == (owner.user.public_id, "active", ["payments"])
    path, bearer = f"agents/{agent['id']}", access_token(owner)
    changed = call("PATCH", f"/api/v1/{path}", {"read_only": True, "expires_at": None}, bearer=bearer).json()
    assert (changed["read_only"], changed["name"]) == (True, "Till")
    assert post(owner, f"{path}/kill").json()["status"] == "killed"
    assert post(owner, f"{path}/revive").json()["status"] == "active"
    check_problem(post(owner, f"{path}/revive"), 409, "wrong_state")
    listed = call("GET", "/api/v1/agents?state=active", bearer=bearer).json()["data"]
    assert [row["id"] for row in listed] == [agent["id"]]


def test_a_key_of_an_agent_is_shown_once_and_replayed_sealed(owner: Membership) -> None:
    agent, once = new_agent(owner), new_once()
    path = f"agents/{agent.public_id}/keys"
    made, again = (post(owner, path, Idempotency_Key=once) for _ in range(2))
    assert made.status_code == 201
    assert again.content == made.content
    secret = made.json()["secret"]
    assert actor_of_agent_key(secret, address=None) is not None
    assert AgentKey.objects.count() == 1
    [listed] = call("GET", f"/api/v1/{path}", bearer=access_token(owner)).json()["data"]
    assert "secret" not in listed
    assert listed["last4"] == secret[-4:]


def test_a_key_of_an_agent_is_rotated_and_revoked(owner: Membership) -> None:
    agent = new_agent(owner)
    old = new_agent_key(agent)
    path = f"agents/{agent.public_id}/keys/{old.key.public_id}"
    new = post(owner, f"{path}/rotate", {"overlap_seconds": 0}).json()
    assert actor_of_agent_key(old.secret, address=None) is None
    assert actor_of_agent_key(new["secret"], address=None) is not None
    last = f"/api/v1/agents/{agent.public_id}/keys/{new['id']}"
    assert call("DELETE", last, bearer=access_token(owner)).status_code == 204
    assert actor_of_agent_key(new["secret"], address=None) is None


@pytest.mark.parametrize("path", ["payments", "agents", "mandates", "customers", "events"])
def test_an_agents_key_opens_nothing_here(owner: Membership, path: str) -> None:
    key = new_agent_key(new_agent(owner))
    check_problem(call("GET", f"/api/v1/{path}", bearer=key.secret), 401, "unauthorized")


def test_a_merchants_key_makes_no_agents(owner: Membership) -> None:
    key = new_key(owner.merchant)
    check_problem(call("POST", "/api/v1/agents", TILL, bearer=key.secret), 403, "scope_missing")
    assert not Agent.objects.exists()


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"scopes": ["users:write"]}, 400, "invalid_input"),
        ({"scopes": []}, 400, "invalid_input"),
        ({"toolsets": ["Payments!"]}, 400, "invalid_input"),
        ({"read_only": "yes"}, 400, "invalid_input"),
        ({"owner_id": "usr_0000000000000000000001"}, 422, "owner_needed"),
        ({"state": "killed"}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_taken_is_refused(owner: Membership, changed: dict[str, Any], status: int, code: str) -> None:
    check_problem(post(owner, "agents", {**TILL, **changed}), status, code)
    assert not Agent.objects.exists()


def test_nobody_makes_an_agent_that_may_do_more() -> None:
    owner = new_member(role="developer")
    check_problem(post(owner, "agents", TILL), 403, "scope_missing")
    assert not Agent.objects.exists()
