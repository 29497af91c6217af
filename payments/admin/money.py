"""The lists of attempts, captures and refunds."""

from django.contrib import admin

from payments.admin.shared import CURRENCY, OF_PAYMENT, PROVIDER, own_id
from payments.models import Attempt, Capture, Payment, Refund
from payments.states import AttemptState, TransferState
from rupai.core.currencies import CURRENCIES
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, related_id, related_url
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import by_id, choice, exact
from rupai.pages.names import spelled
from rupai.pages.registry import MenuItem, menu

menu(
    MenuItem(
        title="Refunds",
        icon="undo-2",
        url_name="payments_refund_changelist",
        order=20,
        scope="refunds:read",
        letter="r",
    )
)


@admin.register(Attempt)
class AttemptAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    merchant_field = "payment__merchant_id"
    list_select_related = ("payment",)
    columns = (
        Column(name="amount", label="Amount", kind="money", currency="payment__currency", card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        OF_PAYMENT,
        Column(name="number", label="Try", kind="number"),
        Column(name="operation", label="Operation", value=lambda row: spelled(row.operation)),
        Column(name="provider", label="Provider", value=lambda row: spelled(row.provider)),
        Column(name="decline_code", label="Decline", kind="mono"),
        Column(name="milliseconds", label="ms", kind="number"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", AttemptState.choices),
        choice("operation", "Operation", Attempt.Operation.choices),
        PROVIDER,
        exact("decline", "Decline", field="decline_code"),
        by_id("payment", "Payment", prefix=Payment.prefix, field="payment_id"),
    )
    search_exact = ("reference",)
    search_hint = "Id or reference"
    empty_hint = "Each try at a provider appears here."


@admin.register(Capture)
class CaptureAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_select_related = ("payment",)
    columns = (
        Column(name="amount", label="Amount", kind="money", currency="payment__currency", card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        OF_PAYMENT,
        Column(name="fee", label="Our fee", kind="money", currency="payment__currency"),
        Column(name="public_id", label="Capture", kind="mono"),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", TransferState.choices),
        choice("currency", "Currency", [(code, code) for code in CURRENCIES], field="payment__currency"),
        by_id("payment", "Payment", prefix=Payment.prefix, field="payment_id"),
    )
    search_hint = "Capture id"
    empty_hint = "Money that is taken from an authorised payment appears here."


@admin.register(Refund)
class RefundAdmin(ConsoleList, ReadOnlyAdmin, TenantAdmin):
    read_scope = "refunds:read"
    columns = (
        Column(name="amount", label="Amount", kind="money", card="primary"),
        Column(name="state", label="Status", kind="status", card="primary"),
        own_id("Refund"),
        Column(
            name="payment",
            label="Payment",
            kind="id",
            value=related_id("payment", Payment),
            url=related_url("payment", Payment),
        ),
        Column(name="reason", label="Reason", value=lambda row: spelled(row.reason)),
        Column(name="created_at", label="Created", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", TransferState.choices),
        choice("reason", "Reason", Refund.Reason.choices),
        CURRENCY,
        by_id("payment", "Payment", prefix=Payment.prefix, field="payment_id"),
    )
    search_hint = "Refund id"
    empty_hint = "Open a captured payment and choose “Refund” to give money back."
