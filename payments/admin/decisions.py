"""Decisions about payments and the rules that they follow."""

from django.contrib import admin

from payments.models import RiskDecision, RiskListEntry, RiskPolicy, RouteDecision
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.registry import MenuItem, menu

menu(
    MenuItem(
        title="Risk rules",
        icon="shield-alert",
        url_name="payments_riskpolicy_changelist",
        group="Operate",
        order=20,
        scope="payments:read",
    )
)


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
