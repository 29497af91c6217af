"""The ledger in the plain admin: to read, never to edit."""

from typing import Any

from django.contrib import admin
from django.urls import reverse

from rupai.core.currencies import CURRENCIES
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address, row_page
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, exact
from rupai.pages.registry import MenuItem, menu
from wallets.models import Account, BurntId, Counters, Hold, Transfer
from wallets.selectors import balances_of
from wallets.states import TEST_LEDGERS, AccountCode

_BY_NUMBER = {found.numeric: code for code, found in CURRENCIES.items()}


def currency_of(transfer: Transfer) -> str:
    """The currency of a transfer, read from the number of its ledger."""
    return _BY_NUMBER[transfer.ledger % TEST_LEDGERS]


row_page(Account, lambda row: reverse("admin:wallet_statement", args=[row.public_id]))


@admin.register(Account)
class AccountAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    columns = (
        Column(name="code", label="Account", value="get_code_display", card="primary"),
        Column(name="currency", label="Currency", card="primary"),
        Column(name="public_id", label="Id", kind="id", url=address, card="secondary"),
        Column(name="balance", label="Balance", kind="money"),
        Column(name="shards", label="Shards", kind="number"),
        Column(name="created_at", label="Opened", kind="when", card="secondary"),
    )
    filters = (
        choice("code", "Account", [(str(code), word) for code, word in AccountCode.choices]),
        choice("currency", "Currency", [(code, code) for code in CURRENCIES]),
    )
    search_hint = "Account id"
    empty_hint = "A merchant's accounts are opened with its first payment."

    def decorate(self, rows: list[Any]) -> list[Any]:
        balances = balances_of([row.pk for row in rows])
        for row in rows:
            row.balance = balances[row.pk].posted if row.pk in balances else 0
        return rows


@admin.register(Transfer)
class TransferAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    columns = (
        Column(name="amount", label="Amount", kind="money", value="amount", currency=currency_of, card="primary"),
        Column(name="kind", label="Kind", value=lambda row: row.kind.replace("_", " "), card="primary"),
        Column(name="public_id", label="Transfer", kind="id", url=address, card="secondary"),
        Column(name="reference", label="For", kind="mono"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        exact("kind", "Kind"),
        exact("reference", "For"),
    )
    search_exact = ("reference",)
    search_hint = "Transfer id, or the id it was for"
    empty_hint = "Every movement of money appears here."


@admin.register(Counters)
class CountersAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    list_display = (
        "account",
        "shard",
        "debits_pending",
        "debits_posted",
        "credits_pending",
        "credits_posted",
        "closed",
    )


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    merchant_field = "transfer__merchant_id"
    list_display = ("transfer", "state", "expires_at")
    list_filter = ("state",)


@admin.register(BurntId)
class BurntIdAdmin(ReadOnlyAdmin):
    """Ids of failed transfers belong to no merchant: for the platform's own staff."""

    list_display = ("id", "result", "created_at")


menu(
    MenuItem(
        title="Ledger",
        icon="book-text",
        url_name="wallets_account_changelist",
        order=30,
        scope="ledger:read",
        letter="l",
    )
)
menu(
    MenuItem(
        title="Transfers",
        icon="arrow-left-right",
        url_name="wallets_transfer_changelist",
        order=35,
        scope="ledger:read",
    )
)
