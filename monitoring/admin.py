"""What the platform knows about itself, to be read only, by its own staff."""

from django.contrib import admin

from monitoring.models import Heartbeat, InvariantResult
from rupai.pages.admin import ReadOnlyAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("queue", "worker", "at")


@admin.register(InvariantResult)
class InvariantResultAdmin(ReadOnlyAdmin):
    list_display = ("name", "state", "count", "title", "milliseconds", "checked_at")
    list_filter = ("state",)
