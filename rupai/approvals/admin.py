"""Admin lists of mandates, their uses and counters: to look at; granting and revoking are services."""

from django.contrib import admin

from rupai.accounts.models import Agent
from rupai.approvals.models import Mandate, MandateCounter, MandateUse
from rupai.approvals.states import MandateState, UseState
from rupai.core.currencies import CURRENCIES
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address, related_id, related_url
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice, exact
from rupai.pages.registry import MenuItem, menu

READ = "agents:read"
menu(
    MenuItem(
        title="Mandates",
        icon="hand-coins",
        url_name="approvals_mandate_changelist",
        group="Intelligence",
        order=12,
        scope=READ,
    )
)
_CURRENCY = choice("currency", "Currency", [(code, code) for code in CURRENCIES])
_BY_MANDATE = by_id("mandate", "Mandate", prefix=Mandate.prefix, field="mandate_id")
_OF_MANDATE = Column(
    name="mandate",
    label="Mandate",
    kind="id",
    value=related_id("mandate", Mandate),
    url=related_url("mandate", Mandate),
    card="secondary",
)


@admin.register(Mandate)
class MandateAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    in_search = True
    columns = (
        Column(name="public_id", label="Mandate", kind="id", url=address, card="primary"),
        Column(name="status", label="Status", kind="status", card="primary"),
        Column(
            name="agent",
            label="Agent",
            kind="id",
            value=related_id("agent", Agent),
            url=related_url("agent", Agent),
            card="secondary",
        ),
        Column(name="scopes", label="Covers"),
        Column(name="currencies", label="Currencies", value=lambda row: sorted(row.limits)),
        Column(name="valid_until", label="Until", kind="when"),
        Column(name="granted_by", label="Granted by", kind="mono"),
        Column(name="created_at", label="Granted", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "State", MandateState.choices),
        by_id("agent", "Agent", prefix=Agent.prefix, field="agent_id"),
    )
    search_hint = "Mandate id"
    empty_hint = "Without a mandate an agent moves no money."


@admin.register(MandateUse)
class MandateUseAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    columns = (
        Column(name="amount", label="Amount", kind="money", card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        _OF_MANDATE,
        Column(name="scope", label="For", kind="mono"),
        Column(name="subject", label="About", kind="mono", card="secondary"),
        Column(name="payee", label="Payee", kind="mono"),
        Column(name="created_at", label="Reserved", kind="when"),
    )
    filters = (
        choice("state", "Status", UseState.choices),
        _CURRENCY,
        _BY_MANDATE,
        by_id("agent", "Agent", prefix=Agent.prefix, field="mandate__agent_id"),
        exact("subject", "About"),
    )
    search_exact = ("key", "subject", "payee")
    search_hint = "Id of a use, payment, refund, wallet or customer"
    empty_hint = "Each movement of money by an agent appears here."


@admin.register(MandateCounter)
class MandateCounterAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    merchant_field = "mandate__merchant_id"
    list_select_related = ("mandate",)
    list_display = ("mandate", "currency", "window", "starts_at", "ceiling", "used", "reserved")
    list_filter = ("window",)
    ordering = ("-id",)
    show_full_result_count = False
