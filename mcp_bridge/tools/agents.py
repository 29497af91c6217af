"""The tools by which an agent learns what it may do, and what became of its wishes."""

from typing import Any

from mcp_bridge.money import without_empty
from mcp_bridge.registry import Call, Tier, tool
from mcp_bridge.serializers import agents as forms
from rupai.accounts.models import Agent
from rupai.approvals import selectors
from rupai.approvals.models import Approval, Mandate
from rupai.approvals.states import ApprovalState
from rupai.core import clock
from rupai.core.rows import key_of

_TOOLSET = "agents"
# What an agent is told: whether it is worth asking again, not who is at work.
_STATUS = {
    ApprovalState.REQUESTED: "pending",
    ApprovalState.EXECUTING: "approved",
    ApprovalState.CANCELLED: "rejected",
}


@tool(
    "get_agent_mandate",
    title="Get agent mandate",
    description="This agent's own limits, what is left of them, and which tools need approval.",
    tier=Tier.READ,
    scope="mcp:self",
    toolset=_TOOLSET,
    input=forms.NoInput,
    output=forms.AgentMandate,
)
def mandate(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read the agent's mandates that hold now."""
    now = clock.now()
    agent = Agent.objects.get(pk=key_of(call.actor.id, Agent.prefix))
    rows = [row for row in selectors.mandates_of(call.actor).order_by("pk") if row.status_at(now) == "active"]
    shown = {"agent_id": agent.public_id, "mandates": [_shown(row) for row in rows]}
    return shown | ({"expires_at": agent.expires_at.isoformat()} if agent.expires_at else {})


def _shown(row: Mandate) -> dict[str, Any]:
    told = row.public()
    limits = [
        {"window": str(each.window), "max": each.ceiling, "used": each.used, "currency": each.currency}
        for each in selectors.limits_in_use(row)
    ]
    return without_empty(
        {
            "mandate_id": row.public_id,
            "scope": told["scopes"],
            "limits": limits,
            "allowed_payees": told["allowed_payees"] or None,
            "approval_over": told["approval_over"],
            "valid_until": told["valid_until"],
        }
    )


@tool(
    "get_approval",
    title="Get approval",
    description="State of an approval this agent asked for; when approved the original result is included.",
    tier=Tier.READ,
    scope="mcp:self",
    toolset=_TOOLSET,
    input=forms.ApprovalId,
    output=forms.ApprovalView,
)
def approval(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """Read what became of a wish."""
    found: Approval = selectors.approvals_of(call.actor).named(values["approval_id"])
    shown = {
        "approval_id": found.public_id,
        "status": _STATUS.get(ApprovalState(found.state), str(found.state)),
        "summary": found.summary,
        "expires_at": found.expires_at.isoformat(),
        "decided_by": found.decided_by or None,
        "decided_at": found.decided_at.isoformat() if found.decided_at else None,
        "reason": found.reason or None,
        "result": found.result or None,
    }
    return without_empty(shown)
