"""Admin of core: the event log and its readers, idempotency, dead letters."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rupai.core.models import DeadLetter, Event, HandlerRun, IdempotencyRecord, ReaderCursor
from rupai.core.replay import replay
from rupai.pages.bases import ReadOnlyAdmin
from rupai.pages.dead_letters import DeadLetterPage, state_of
from rupai.pages.events import READ, EventPage
from rupai.pages.lists.columns import Column, address
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.lists.filters import choice, exact
from rupai.pages.place import Place, actor_of

# What events are about; a filter offers these without asking the log.
SUBJECTS = (
    "account", "agent", "agent_key", "api_key", "approval", "compliance", "customer", "data", "mandate", "member",
    "merchant", "payment", "payment_method", "provider_account", "refund", "role", "settings", "webhook_delivery",
)  # fmt: skip


def _in(letters: QuerySet[DeadLetter], state: str) -> QuerySet[DeadLetter]:
    """Dead letters of which this became."""
    if state == "discarded":
        return letters.filter(discarded_at__isnull=False)
    return letters.filter(discarded_at__isnull=True, replayed_at__isnull=state == "waiting")


@admin.register(Event)
class EventAdmin(ConsoleList, EventPage):
    read_scope = READ
    in_search = True
    columns = (
        Column(name="type", label="Event", url=address, card="primary"),
        Column(name="subject_id", label="About", kind="mono", card="secondary"),
        Column(name="actor", label="By", kind="mono"),
        Column(name="public_id", label="Id", kind="mono"),
        Column(name="seq", label="Number", kind="number"),
        Column(name="created_at", label="Happened", kind="when", card="primary"),
    )
    filters = (
        choice("subject", "About", [(each, each) for each in SUBJECTS], field="subject_type"),
        exact("type", "Event"),
        exact("subject_id", "Subject"),
        exact("actor", "By"),
        exact("request", "Request", field="correlation_id"),
    )
    # Indexed columns only: all other filters go through the newest rows.
    search_exact = ("subject_id",)
    search_hint = "Event id, or the id that it is about"
    empty_hint = "Everything that happens to payments, people and keys is written down here."

    def of_place(self, rows: QuerySet[Any], place: Place) -> QuerySet[Any]:
        return super().of_place(rows, place).defer("data", "changes")


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
class DeadLetterAdmin(ConsoleList, DeadLetterPage):
    columns = (
        Column(name="task", label="Task", url=address, card="primary"),
        Column(name="state", label="Status", kind="status", value=state_of, card="primary"),
        Column(name="error", label="Error", value=lambda letter: letter.error[:120], card="secondary"),
        Column(name="queue", label="Queue"),
        Column(name="tries", label="Tries", kind="number"),
        Column(name="created_at", label="Given up", kind="when", card="secondary"),
    )
    filters = (
        choice("state", "Status", [("waiting", "waiting"), ("sent", "sent"), ("discarded", "discarded")], narrow=_in),
        exact("queue", "Queue"),
        exact("task", "Task"),
    )
    search_exact = ("task", "correlation_id")
    search_hint = "Task or request"
    empty_hint = "A task that fails again and again ends up here. Nothing did."
    actions = ("send_again",)

    @admin.action(description="Send the selected tasks again")
    def send_again(self, request: HttpRequest, letters: QuerySet[DeadLetter]) -> None:
        if not request.user.is_superuser:
            self.message_user(request, "Only superusers send tasks again.", messages.ERROR)
            return
        count = replay(letters.order_by("pk"), by=actor_of(request).id)
        self.message_user(request, f"{count} sent again.", messages.SUCCESS)
