"""Wallets and the limits of their levels in the console: to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from rupai.accounts.models import Customer
from rupai.accounts.selectors import customers_by_email
from rupai.core import ids
from rupai.core.currencies import CURRENCIES
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import CUSTOMERS, Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice
from rupai.pages.place import actor_of
from rupai.pages.registry import MenuItem, menu
from wallets.models import Account, Wallet, WalletLimits
from wallets.selectors.wallets import with_balances
from wallets.states import KycLevel, WalletStatus

READ = "wallets:read"
_CODES = [(code, code) for code in CURRENCIES]
_LEVELS = [(str(level), word) for level, word in KycLevel.choices]
_LIMITS = (
    Column(name="per_transaction", label="Per movement", kind="money"),
    Column(name="per_day", label="Per day", kind="money"),
    Column(name="per_month", label="Per month", kind="money"),
)


@admin.register(Wallet)
class WalletAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    list_select_related = ("customer",)
    columns = (
        Column(name="available", label="Available", kind="money", card="primary"),
        Column(name="held", label="Held", kind="money"),
        Column(name="status", label="Status", kind="status", card="primary"),
        Column(name="public_id", label="Wallet", kind="id", url=address, card="secondary"),
        Column(name="customer", label="Customer", kind="customer"),
        Column(name="kyc_level", label="Identity", value="get_kyc_level_display"),
        Column(name="created_at", label="Opened", kind="when", card="secondary"),
    )
    filters = (
        choice("status", "Status", WalletStatus.choices),
        choice("currency", "Currency", _CODES),
        choice("kyc_level", "Identity", _LEVELS),
        by_id("customer_id", "Customer", prefix=Customer.prefix, field="customer_id"),
    )
    search_hint = "Wallet, customer or account id, or e-mail"
    empty_hint = "A customer's wallet is opened by POST /wallets."

    def search_rows(self, rows: QuerySet[Any], term: str, request: HttpRequest) -> QuerySet[Any]:
        fields = ((Wallet.prefix, "pk"), (Customer.prefix, "customer_id"), (Account.prefix, "account_id"))
        for prefix, field in fields:
            try:
                return rows.filter(**{field: ids.parse(prefix, term)})
            except ids.InvalidId:
                continue
        if "@" not in term or not actor_of(request).may(CUSTOMERS):
            return rows.none()
        theirs = Customer.objects.visible_to(actor_of(request))
        return rows.filter(customer_id__in=customers_by_email(theirs, term).values("pk"))

    def decorate(self, rows: list[Any]) -> list[Any]:
        for row, (_, balance) in zip(rows, with_balances(rows), strict=True):
            row.available, row.held = balance.available, balance.pending
        return rows


@admin.register(WalletLimits)
class WalletLimitsAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = READ
    columns = (
        Column(name="kyc_level", label="Identity", value="get_kyc_level_display", url=address, card="primary"),
        Column(name="currency", label="Currency", card="primary"),
        *_LIMITS,
        Column(name="updated_at", label="Changed", kind="when", card="secondary"),
    )
    filters = (choice("kyc_level", "Identity", _LEVELS), choice("currency", "Currency", _CODES))
    search_hint = "Limits id"
    empty_hint = "Without limits, a wallet sends what it has."


menu(MenuItem(title="Wallets", icon="wallet", url_name="wallets_wallet_changelist", order=29, scope=READ))
