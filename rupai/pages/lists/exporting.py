"""A list as a CSV file: the selection or the whole filter, streamed piece by piece in constant memory."""

import csv
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.text import capfirst

from rupai.core import clock
from rupai.pages import exports
from rupai.pages.bases import person
from rupai.pages.lists.columns import Column, Viewer, headings, record
from rupai.pages.lists.cursor import Order
from rupai.pages.lists.filters import BadFilter
from rupai.pages.lists.showing import EXPORT_SCOPE, _related
from rupai.pages.place import actor_of, place_of
from rupai.pages.refusals import refuse
from rupai.pages.rendering import render_page

if TYPE_CHECKING:
    from rupai.pages.lists.console_list import ConsoleList

_PIECE = 500


class _Line:
    """What csv writes to: keeps the last line only."""

    def write(self, line: str) -> str:
        return line


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
    viewer = Viewer(person(request))
    pieces = (_text(admin, piece, viewer) for piece in _pieces(rows, order))
    # A server of either kind would otherwise collect the whole file before it sends the first byte.
    lines = _later(admin.columns, pieces) if isinstance(request, ASGIRequest) else _at_once(admin.columns, pieces)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{admin.opts.verbose_name_plural}-{clock.now():%Y-%m-%d}.csv".replace(" ", "-").lower()
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _pieces(rows: QuerySet[Any], order: Order) -> Iterator[list[Any]]:
    """All rows, a piece at a time: each is a query of its own, which no time limit of a statement can break."""
    found = list(order.sort(rows)[:_PIECE])
    while found:
        yield found
        if len(found) < _PIECE:
            return
        found = list(order.sort(order.beyond(rows, order.cursor_of(found[-1])))[:_PIECE])


def _text(admin: "ConsoleList", rows: list[Any], viewer: Viewer) -> str:
    writer = csv.writer(_Line())
    return "".join(writer.writerow(record(admin.columns, row, viewer)) for row in admin.decorate(rows))


def _first(columns: tuple[Column, ...]) -> str:
    return str(csv.writer(_Line()).writerow(headings(columns)))


def _at_once(columns: tuple[Column, ...], pieces: Iterator[str]) -> Iterator[str]:
    yield _first(columns)
    yield from pieces


async def _later(columns: tuple[Column, ...], pieces: Iterator[str]) -> AsyncIterator[str]:
    yield _first(columns)
    while text := await sync_to_async(_next)(pieces):
        yield text


def _next(pieces: Iterator[str]) -> str:
    return next(pieces, "")
