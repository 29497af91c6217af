"""A list as a CSV file: the selection or the whole filter, streamed piece by piece in constant memory."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils.text import capfirst

from rupai.api.streaming import csv_text, stream
from rupai.core import clock
from rupai.pages import exports
from rupai.pages.bases import person
from rupai.pages.lists.columns import Viewer, headings, record
from rupai.pages.lists.cursor import Order
from rupai.pages.lists.filters import BadFilter
from rupai.pages.lists.showing import EXPORT_SCOPE, _related
from rupai.pages.place import actor_of, place_of
from rupai.pages.refusals import refuse
from rupai.pages.rendering import render_page

if TYPE_CHECKING:
    from rupai.pages.lists.console_list import ConsoleList

_PIECE = 500


def export(admin: "ConsoleList", request: HttpRequest) -> HttpResponseBase:
    """Ask first (GET), then stream the file (POST); the merchants whose rows leave are told in their streams."""
    if not actor_of(request).may(EXPORT_SCOPE):
        return refuse(request, scope=EXPORT_SCOPE)
    try:
        asked = admin.asked_by(request)
        order = admin.order(request, asked)
        if request.method != "POST":
            admin.narrowed(request, asked)
            return _confirmation(admin, request)
        chosen = "selection" in request.POST
        rows = admin.chosen(request) if chosen else admin.narrowed(request, asked)
    except BadFilter as refusal:
        messages.error(request, f"{refusal.message}. {refusal.hint}")
        return HttpResponseRedirect(f"{admin.list_address()}?all=1")
    merchant_field: str = admin.merchant_field  # type: ignore[attr-defined]
    exports.record_export(
        actor=actor_of(request),
        list_key=admin.list_key,
        rows=rows,
        merchant_field=merchant_field,
        columns=headings(admin.columns),
        filters=sorted(set(asked.values) - {"after", "before", "all", "order"}),
    )
    return _stream(admin, request, rows.select_related(*_related(admin)), order)


def _confirmation(admin: "ConsoleList", request: HttpRequest) -> HttpResponseBase:
    asked = admin.asked_by(request)
    context = {
        "chips": asked.chips(),
        "query": asked.query(),
        "list_url": admin.list_address(),
        "nouns": str(admin.opts.verbose_name_plural),
        "headings": headings(admin.columns),
        "place": place_of(request),
        "opts": admin.opts,
    }
    title = f"Export {admin.opts.verbose_name_plural}"
    return render_page(request, "pages/export.html", context, title=capfirst(title))


def _stream(admin: "ConsoleList", request: HttpRequest, rows: QuerySet[Any], order: Order) -> HttpResponseBase:
    name = f"{admin.opts.verbose_name_plural}-{clock.now():%Y-%m-%d}.csv".replace(" ", "-").lower()
    lines = _lines(admin, rows, order, Viewer(person(request)))
    return stream(request, lines, content_type="text/csv; charset=utf-8", name=name)


def _pieces(rows: QuerySet[Any], order: Order) -> Iterator[list[Any]]:
    """All rows, a piece at a time: each is a query of its own, which no time limit of a statement can break."""
    found = list(order.sort(rows)[:_PIECE])
    while found:
        yield found
        if len(found) < _PIECE:
            return
        found = list(order.sort(order.beyond(rows, order.cursor_of(found[-1])))[:_PIECE])


def _lines(admin: "ConsoleList", rows: QuerySet[Any], order: Order, viewer: Viewer) -> Iterator[str]:
    yield csv_text([headings(admin.columns)])
    for piece in _pieces(rows, order):
        yield csv_text(record(admin.columns, row, viewer) for row in admin.decorate(piece))
