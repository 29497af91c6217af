"""``manage.py mcp`` lists and calls what an agent may, on the path of every call."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from mcp_bridge.models import AgentCall, Verdict
from mcp_bridge.registry import toolbox
from payments.tests.agents import AgentShop
from rupai.accounts.services.agents import kill_agent
from rupai.accounts.tests.factories import owner_of
from rupai.approvals.services.demo import FIRST_AGENT
from rupai.approvals.tests.factories import new_mandate

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> AgentShop:
    return AgentShop()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("mcp", *arguments, stdout=out)
    return out.getvalue()


def called(shop: AgentShop, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        run("call", tool, "--args", json.dumps(arguments), "--agent", shop.agent.public_id)
    )
    return found


def test_the_tools_of_an_agent_are_listed(shop: AgentShop) -> None:
    lines = run("tools", "--agent", shop.agent.public_id).splitlines()
    may = toolbox.visible(shop.actor.scopes, read_only=False, toolsets=())
    assert [line.split()[0] for line in lines[:-1]] == [tool.name for tool in may]
    assert lines[-1].startswith(f"{len(may)} tools of")
    shown = json.loads(run("tools", "--json", "--agent", shop.agent.public_id))
    assert [tool["name"] for tool in shown] == [tool.name for tool in may]


def test_a_call_is_answered_and_written_down(shop: AgentShop) -> None:
    new_mandate(shop.agent, {"INR": {"total": 70_00}})
    found = called(shop, "get_agent_mandate", {})
    assert found["mandates"][0]["limits"] == [{"window": "total", "max": 70_00, "used": 0, "currency": "INR"}]
    row = AgentCall.objects.get()
    assert (row.agent, row.tool, row.client) == (shop.agent, "get_agent_mandate", "manage.py mcp")


def test_the_first_agent_calls_when_none_is_named(shop: AgentShop) -> None:
    with pytest.raises(CommandError, match="no first agent"):
        run("call", "get_agent_mandate")
    shop.agent.name = FIRST_AGENT
    shop.agent.save(update_fields=["name"])
    assert json.loads(run("call", "get_agent_mandate"))["mandates"] == []


def test_a_refusal_is_shown_and_ends_with_an_error(shop: AgentShop) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="refused"):
        call_command("mcp", "call", "get_payment_status", "--agent", shop.agent.public_id, stdout=out)
    assert json.loads(out.getvalue())["code"] == "invalid_input"
    assert AgentCall.objects.get().verdict == Verdict.INVALID


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["call", "no_such_tool"], "There is no tool"),
        (["call", "get_agent_mandate", "--args", "{"], "is no JSON"),
        (["call", "get_agent_mandate", "--args", "[]"], "must be a JSON object"),
    ],
)
def test_what_cannot_be_called_is_told(shop: AgentShop, arguments: list[str], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        run(*arguments, "--agent", shop.agent.public_id)


def test_a_killed_agent_calls_nothing(shop: AgentShop) -> None:
    kill_agent(actor=owner_of(shop.merchant), agent_id=shop.agent.public_id)
    with pytest.raises(CommandError, match="unknown, killed or expired"):
        run("call", "get_agent_mandate", "--agent", shop.agent.public_id)
    assert not AgentCall.objects.exists()
