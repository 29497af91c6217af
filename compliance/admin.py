"""Admin of the audit chain: to look at; the database refuses changes anyway."""

from django.contrib import admin

from compliance.models import AuditEntry, AuditHead
from rupai.core import ids
from rupai.core.models import Event
from rupai.pages.admin import ReadOnlyAdmin, TenantAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "audit:read"
    list_display = ("seq", "event_name", "merchant", "livemode", "hash", "at")
    list_filter = ("livemode",)
    search_fields = ("=hash",)
    # Keys are ordered by time; an index over ``at`` would serve nothing else.
    ordering = ("-pk",)
    show_full_result_count = False

    @admin.display(description="event")
    def event_name(self, entry: AuditEntry) -> str:
        return ids.public_id(Event.prefix, entry.event_id)

    @admin.display(description="merchant")
    def merchant(self, entry: AuditEntry) -> str:
        return ids.public_id("mer", entry.merchant_id)


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "audit:read"
    list_display = ("merchant", "livemode", "seq", "hash", "at")
    list_filter = ("livemode",)
    ordering = ("-position",)
    show_full_result_count = False

    @admin.display(description="merchant")
    def merchant(self, head: AuditHead) -> str:
        return ids.public_id("mer", head.merchant_id)
