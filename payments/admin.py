"""Payments in the plain admin: rows that the services own are shown, never edited here."""

from typing import ClassVar

from django.contrib import admin

from payments.models import (
    Attempt,
    Capture,
    History,
    Payment,
    PaymentMethod,
    ProviderAccount,
    Refund,
    RiskDecision,
    RiskListEntry,
    RiskPolicy,
    RouteDecision,
)
from rupai.core.money import Money
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin


class HistoryInline(admin.TabularInline[History, Payment]):
    model = History
    extra = 0
    can_delete = False
    fields = readonly_fields = ("created_at", "attempt", "from_state", "to_state", "actor")

    def has_add_permission(self, *_: object) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_display = ("public_id", "shown_amount", "status", "method", "provider", "order_id", "created_at")
    list_filter = ("state", "method", "provider", "currency", "livemode")
    search_fields = ("order_id", "provider_reference")
    inlines: ClassVar = [HistoryInline]

    @admin.display(description="amount", ordering="amount")
    def shown_amount(self, payment: Payment) -> str:
        return str(Money(payment.amount, payment.currency))


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_display = ("public_id", "payment", "number", "provider", "state", "decline_code", "milliseconds", "created_at")
    list_filter = ("state", "provider")
    merchant_field = "payment__merchant_id"


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_display = ("public_id", "payment", "amount", "fee", "state", "created_at")


@admin.register(Refund)
class RefundAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "refunds:read"
    list_display = ("public_id", "payment", "amount", "currency", "state", "reason", "created_at")
    list_filter = ("state", "reason", "livemode")


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payment_methods:read"
    list_display = ("public_id", "customer", "type", "brand", "last4", "provider", "created_at")
    list_filter = ("type", "provider", "livemode")


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


@admin.register(RiskDecision)
class RiskDecisionAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_display = ("public_id", "payment", "verdict", "score", "model_version", "created_at")
    list_filter = ("verdict", "model_version")
    merchant_field = "payment__merchant_id"


@admin.register(RouteDecision)
class RouteDecisionAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "payments:read"
    list_display = ("public_id", "payment", "chosen", "policy", "propensity", "created_at")
    list_filter = ("chosen", "policy")
    merchant_field = "payment__merchant_id"


@admin.register(RiskPolicy)
class RiskPolicyAdmin(TenantAdmin):
    read_scope = "payments:read"
    list_display = ("merchant_id", "currency", "challenge_over", "review_over", "block_over", "most_per_hour")


@admin.register(RiskListEntry)
class RiskListEntryAdmin(TenantAdmin):
    read_scope = "payments:read"
    list_display = ("kind", "value", "verdict", "note", "created_at")
    list_filter = ("kind", "verdict")
