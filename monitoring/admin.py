"""What the platform knows about itself, to be read only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from monitoring.models import Heartbeat, InvariantResult


class ReadOnly(admin.ModelAdmin[Any]):
    """Nobody writes these rows by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("queue", "worker", "at")


@admin.register(InvariantResult)
class InvariantResultAdmin(ReadOnly):
    list_display = ("name", "state", "count", "title", "milliseconds", "checked_at")
    list_filter = ("state",)
