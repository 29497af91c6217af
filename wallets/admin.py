"""The ledger in the plain admin: to read, never to edit."""

from django.contrib import admin

from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from wallets.models import Account, BurntId, Counters, Hold, Transfer


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    list_display = ("public_id", "code", "currency", "ledger", "shards", "livemode", "created_at")
    list_filter = ("code", "currency", "livemode")


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "ledger:read"
    list_display = ("public_id", "kind", "amount", "ledger", "reference", "livemode", "created_at")
    list_filter = ("kind", "livemode")
    search_fields = ("reference",)
    show_full_result_count = False


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
