"""Calls of agents in the console: to read, as they were decided."""

from django.contrib import admin

from mcp_bridge.models import AgentCall, SpentNonce, Verdict
from mcp_bridge.registry import Tier
from rupai.accounts.models import Agent
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address, related_id, related_url
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice, exact, flag
from rupai.pages.registry import MenuItem, menu

READ = "agents:read"


@admin.register(AgentCall)
class AgentCallAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    columns = (
        Column(name="tool", label="Tool", kind="mono", url=address, card="primary"),
        Column(name="verdict", label="Outcome", value="get_verdict_display", card="primary"),
        Column(name="code", label="Reason", kind="mono"),
        Column(
            name="agent",
            label="Agent",
            kind="id",
            value=related_id("agent", Agent),
            url=related_url("agent", Agent),
            card="secondary",
        ),
        Column(name="subject", label="About", kind="mono"),
        Column(name="milliseconds", label="Took, ms", kind="number"),
        Column(name="created_at", label="When", kind="when", card="secondary"),
    )
    filters = (
        choice("verdict", "Outcome", Verdict.choices),
        choice("tier", "Tier", [(str(tier), str(tier)) for tier in Tier]),
        flag("dry_run", "Dry run", narrow=lambda rows, yes: rows.filter(dry_run=yes)),
        by_id("agent", "Agent", prefix=Agent.prefix, field="agent_id"),
        exact("tool", "Tool"),
        exact("subject", "About"),
    )
    search_exact = ("tool", "subject", "approval", "correlation_id")
    search_hint = "Call id, tool, what it was about, or correlation id"
    empty_hint = "Each call of a tool by an agent appears here, refused ones too."


@admin.register(SpentNonce)
class SpentNonceAdmin(ReadOnlyAdmin):
    """States that came back belong to no merchant: for the platform's own staff."""

    list_display = ("nonce", "expires_at")


menu(
    MenuItem(
        title="Calls of agents",
        icon="scroll-text",
        url_name="mcp_bridge_agentcall_changelist",
        group="Intelligence",
        order=14,
        scope=READ,
    )
)
