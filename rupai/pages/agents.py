"""Admin lists of agents and their keys: to look at; secrets are nowhere, and pages of their own act."""

from django.contrib import admin

from rupai.accounts.models import Agent, AgentKey
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address, related_id, related_url
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice, flag
from rupai.pages.registry import MenuItem, menu

READ = "agents:read"
menu(
    MenuItem(
        title="Agents", icon="bot", url_name="accounts_agent_changelist", group="Intelligence", order=10, scope=READ
    )
)
OF_AGENT = Column(
    name="agent",
    label="Agent",
    kind="id",
    value=related_id("agent", Agent),
    url=related_url("agent", Agent),
    card="secondary",
)
BY_AGENT = by_id("agent", "Agent", prefix=Agent.prefix, field="agent_id")


@admin.register(Agent)
class AgentAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    in_search = True
    list_select_related = ("owner",)
    columns = (
        Column(name="name", label="Name", url=address, card="primary"),
        Column(name="status", label="Status", kind="status", card="primary"),
        Column(name="public_id", label="Agent", kind="id", url=address, card="secondary"),
        Column(name="owner", label="Owner", value="owner__email", card="secondary"),
        Column(name="purpose", label="Purpose"),
        Column(name="read_only", label="Reads only", kind="flag"),
        Column(name="expires_at", label="Expires", kind="when"),
        Column(name="created_at", label="Created", kind="when"),
    )
    filters = (choice("state", "State", Agent.State.choices), flag("read_only", "Reads only"))
    search_exact = ("name",)
    search_hint = "Id or name"
    empty_hint = "A program that acts for the merchant, with a person who answers for it."


@admin.register(AgentKey)
class AgentKeyAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    hidden = ("secret_digest",)
    columns = (
        Column(name="public_id", label="Key", kind="id", url=address, card="primary"),
        Column(name="status", label="Status", kind="status", card="primary"),
        OF_AGENT,
        Column(name="last4", label="Ends with", kind="mono"),
        Column(name="last_used_at", label="Last used", kind="when", card="secondary"),
        Column(name="expires_at", label="Expires", kind="when"),
        Column(name="created_at", label="Created", kind="when"),
    )
    filters = (
        flag("revoked", "Revoked", narrow=lambda rows, yes: rows.filter(revoked_at__isnull=not yes)),
        BY_AGENT,
    )
    search_exact = ("last4",)
    search_hint = "Id or last 4"
    empty_hint = "A key lets an agent call the tools."
