"""The lists of saved payment methods and of accounts at providers."""

from django.contrib import admin

from payments.admin.shared import CUSTOMER, PROVIDER, own_id
from payments.models import PaymentMethod, ProviderAccount
from payments.models.method import Method
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, flag
from rupai.pages.names import spelled
from rupai.pages.registry import MenuItem, menu

menu(
    MenuItem(
        title="Payment methods",
        icon="wallet",
        url_name="payments_paymentmethod_changelist",
        order=50,
        scope="payment_methods:read",
    )
)
menu(
    MenuItem(
        title="Providers",
        icon="plug",
        url_name="payments_provideraccount_changelist",
        group="Operate",
        order=10,
        scope="providers:read",
    )
)


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "payment_methods:read"
    in_search = True
    list_select_related = ("customer",)
    columns = (
        Column(name="type", label="Type", value=lambda row: spelled(row.type), card="primary"),
        Column(name="status", label="Status", kind="status", value=lambda row: row.public()["status"], card="primary"),
        own_id("Payment method"),
        Column(name="brand", label="Brand", value=lambda row: spelled(row.brand)),
        Column(name="last4", label="Last 4", kind="mono"),
        Column(name="customer", label="Customer", kind="customer"),
        Column(name="provider", label="Provider", value=lambda row: spelled(row.provider)),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("type", "Type", [(value, spelled(value)) for value in Method.values]),
        PROVIDER,
        flag("active", "Active", narrow=lambda rows, active: rows.filter(detached_at__isnull=active)),
        CUSTOMER,
    )
    search_exact = ("last4",)
    search_hint = "Id or last 4 digits"
    empty_hint = "A payer's saved card or account appears here; numbers never do."


@admin.register(ProviderAccount)
class ProviderAccountAdmin(TenantAdmin):
    read_scope = "providers:read"
    write_scope = "providers:write"
    list_display = ("name", "provider", "enabled", "priority", "livemode", "created_at")
    list_filter = ("provider", "enabled", "livemode")
    exclude = ("credentials",)
    readonly_fields = ("merchant_id", "livemode", "provider", "created_at")

    def has_add_permission(self, *_: object) -> bool:
        # Credentials are sealed by the service; the console's own page calls it.
        return False
