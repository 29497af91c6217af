"""Admin of core: the event log and its readers, idempotency, dead letters."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rupai.core.models import DeadLetter, Event, HandlerRun, IdempotencyRecord, ReaderCursor
from rupai.core.replay import replay
from rupai.pages.bases import ReadOnlyAdmin, TenantAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin, TenantAdmin):
    read_scope = "events:read"
    list_display = ("public_id", "type", "subject_id", "actor", "livemode", "seq", "created_at")
    list_filter = ("livemode", "created_at", "subject_type")
    search_fields = ("=subject_id", "=type", "=correlation_id")
    ordering = ("-created_at", "-id")
    show_full_result_count = False


@admin.register(HandlerRun)
class HandlerRunAdmin(ReadOnlyAdmin):
    list_display = ("handler", "event", "state", "tries", "due_at", "finished_at")
    list_filter = ("state", "handler")
    list_select_related = ("event",)
    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(ReaderCursor)
class ReaderCursorAdmin(ReadOnlyAdmin):
    list_display = ("name", "position")


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Without the stored answer: it may carry a secret that was shown once."""

    list_display = ("key", "door", "operation", "state", "status", "livemode", "created_at")
    list_filter = ("state", "livemode", "operation")
    search_fields = ("=key",)
    ordering = ("-created_at", "-id")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("body")


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    list_display = ("task", "queue", "tries", "created_at", "replayed_at", "error")
    list_filter = ("queue", "task")
    ordering = ("-created_at",)
    actions = ("send_again",)

    @admin.action(description="Send the selected tasks again")
    def send_again(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        if not request.user.is_superuser:
            self.message_user(request, "Only superusers send tasks again.", messages.ERROR)
            return
        self.message_user(request, f"{replay(letters.order_by('pk'))} sent again.", messages.SUCCESS)
