"""Admin of the audit chain: to look at; the database refuses changes anyway."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from compliance.models import AuditEntry, AuditHead
from compliance.pages import READ, EntryPage
from rupai.core import ids
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, exact
from rupai.pages.log import SUBJECTS
from rupai.pages.place import Place


@admin.register(AuditEntry)
class AuditEntryAdmin(ConsoleList, EntryPage):
    read_scope = READ
    list_select_related = ("event",)
    dates = "at"
    columns = (
        Column(name="seq", label="Number", kind="text", card="secondary"),
        Column(name="what", label="What", value="event__type", url=address, card="primary"),
        Column(name="subject", label="About", kind="mono", value="event__subject_id"),
        Column(name="actor", label="By", kind="mono", value="event__actor"),
        Column(name="hash", label="Seal", kind="mono", value=lambda entry: f"{entry.hash[:12]}…"),
        Column(name="at", label="Sealed", kind="when", card="primary"),
    )
    filters = (
        choice("subject", "About", [(each, each) for each in SUBJECTS], field="event__subject_type"),
        exact("type", "What", field="event__type"),
        exact("subject_id", "Subject", field="event__subject_id"),
    )
    search_exact = ("hash", "event__subject_id")
    search_hint = "Seal, or the id that it is about"
    empty_hint = "Each event is sealed here a moment after it happened."

    def links(self, request: HttpRequest) -> list[dict[str, str]]:
        return [{"label": "Verify the chain", "url": reverse("admin:compliance_verify"), "icon": "shield-check"}]

    def of_place(self, rows: QuerySet[Any], place: Place) -> QuerySet[Any]:
        return super().of_place(rows, place).defer("event__data", "event__changes")


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
