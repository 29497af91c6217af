"""The event log: one event with all that followed from it, and all events of one request."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from rupai.accounts.models import Merchant
from rupai.core.models import DeadLetter, Event
from rupai.pages.bases import TenantAdmin
from rupai.pages.changes import changes_of, pretty
from rupai.pages.details import DetailAdmin
from rupai.pages.links import link_of
from rupai.pages.names import names_of
from rupai.pages.registry import MenuItem, menu, page
from rupai.pages.rendering import render_page
from rupai.pages.sections import Section, section, sections_of

READ = "events:read"
_AROUND = timedelta(days=1)
_MOST = 500
menu(
    MenuItem(
        title="Events", icon="scroll-text", url_name="core_event_changelist", group="Operate", order=70, scope=READ
    )
)


class EventPage(DetailAdmin, TenantAdmin):
    """The page of one event."""

    def detail(self, request: HttpRequest, row: Event) -> HttpResponse:
        runs = list(row.runs.order_by("handler"))
        context = {
            "event": row,
            "merchant": Merchant.objects.filter(pk=row.merchant_id).first(),
            "actor": names_of([row.actor]).get(row.actor, row.actor),
            "actor_link": link_of(request, row.actor),
            "subject_link": link_of(request, row.subject_id),
            "changes": changes_of(row.changes),
            "data": pretty(row.data),
            "runs": runs,
            "sections": sections_of("event", request, row),
        }
        return render_page(request, "core/event.html", context, title=row.type)


@page("core/event/<str:object_id>/request/", name="core_event_request", scope=READ)
def same_request(request: HttpRequest, object_id: str) -> HttpResponse:
    """Show everything that one request wrote into the log, within a day of the event at hand."""
    shown_by: Any = admin.site._registry[Event]
    event: Event = shown_by.row(request, object_id)
    rows = _of_request(shown_by.get_queryset(request), event)
    names = names_of(row.actor for row in rows)
    letters = DeadLetter.objects.none()
    if event.correlation_id and admin.site._registry[DeadLetter].has_view_permission(request):
        letters = DeadLetter.objects.filter(correlation_id=event.correlation_id, created_at__gte=event.created_at)
    context = {
        "event": event,
        "lines": [{"event": row, "actor": names.get(row.actor, row.actor)} for row in rows],
        "most": _MOST if len(rows) == _MOST else None,
        "letters": letters.order_by("created_at")[:50],
    }
    return render_page(request, "core/request.html", context, title="One request")


@section("event", order=10)
def of_request(request: HttpRequest, event: Event) -> Section | None:
    """How many other events the same request wrote."""
    if not event.correlation_id:
        return None
    rows = admin.site._registry[Event].get_queryset(request).exclude(pk=event.pk)
    others = _same(rows, event)[:_MOST].count()
    address = reverse("admin:core_event_request", args=[event.pk])
    return Section(
        title="The request", template="core/_of_request.html", context={"others": others, "url": address, "most": _MOST}
    )


def _of_request(rows: QuerySet[Any], event: Event) -> list[Event]:
    if not event.correlation_id:
        return [event]
    return list(_same(rows, event).order_by("inserted")[:_MOST])


def _same(rows: QuerySet[Any], event: Event) -> QuerySet[Any]:
    """Events with the same correlation id; the window of time lets the log's index find them."""
    near = Q(created_at__gte=event.created_at - _AROUND, created_at__lte=event.created_at + _AROUND)
    same = Q(merchant_id=event.merchant_id, livemode=event.livemode, correlation_id=event.correlation_id)
    return rows.filter(near & same)
