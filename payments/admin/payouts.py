"""The list of payouts."""

from django.contrib import admin

from payments.admin.shared import CURRENCY, CUSTOMER, PROVIDER, own_id
from payments.models import Payout
from payments.states import PayoutState
from rupai.accounts.models import Customer
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, related_id, related_url
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice
from rupai.pages.names import spelled
from rupai.pages.registry import MenuItem, menu
from wallets.models import Wallet

menu(MenuItem(title="Payouts", icon="banknote", url_name="payments_payout_changelist", order=33, scope="wallets:read"))


@admin.register(Payout)
class PayoutAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "wallets:read"
    # Where the money goes is sealed and stays so.
    exclude = ("destination",)
    columns = (
        Column(name="amount", label="Amount", kind="money", card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        own_id("Payout"),
        Column(
            name="wallet",
            label="Wallet",
            kind="id",
            value=related_id("wallet", Wallet),
            url=related_url("wallet", Wallet),
        ),
        Column(
            name="customer",
            label="Customer",
            kind="id",
            value=related_id("customer", Customer),
            url=related_url("customer", Customer),
        ),
        Column(name="provider", label="Provider", value=lambda row: spelled(row.provider)),
        Column(name="failure_code", label="Failure", kind="mono"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", PayoutState.choices),
        CURRENCY,
        PROVIDER,
        CUSTOMER,
        by_id("wallet", "Wallet", prefix=Wallet.prefix, field="wallet_id"),
    )
    search_hint = "Payout id"
    empty_hint = "Money that is paid out of a wallet appears here."
