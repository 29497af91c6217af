"""A list as a page: rows with their cells, filters, the ways on, saved views and what can be done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst

from rupai.pages import live
from rupai.pages.bases import person
from rupai.pages.lists import paging
from rupai.pages.lists.asked import Asked
from rupai.pages.lists.columns import Cell, Viewer, address, cell
from rupai.pages.lists.filters import BadFilter
from rupai.pages.lists.paging import Count, Slice
from rupai.pages.place import actor_of, place_of
from rupai.pages.preferences import preferences_of
from rupai.pages.rendering import render_page, wants_fragment
from rupai.pages.saved_views import selectors as saved_views

if TYPE_CHECKING:
    from rupai.pages.lists.console_list import ConsoleList

EXPORT_SCOPE = "exports:create"
LIVE = "list"
"""The id of the element that asks for itself again when rows have changed; its address stays."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is shown."""

    key: str
    url: str
    name: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Shown:
    """What Django's own pages and tests call the change list: the rows that were asked for, on all pages."""

    queryset: Any


def show(admin: "ConsoleList", request: HttpRequest) -> TemplateResponse:
    """Answer a list: whole, or only its rows to HTMX; an address that cannot be read gets a message and no rows."""
    problem: BadFilter | None = None
    told: dict[str, Any] = {}
    try:
        asked = admin.asked_by(request)
        # Before the rows are read: what comes in between is asked for once more, never missed.
        told = _live(admin, request, asked)
        rows = admin.narrowed(request, asked)
        page = paging.cut(rows.select_related(*_related(admin)), admin.order(request, asked), asked)
    except BadFilter as refusal:
        problem, asked, rows, page = refusal, Asked(admin.filters), admin.model._default_manager.none(), Slice()
    context = {
        **told,
        **_rows(admin, request, asked, page),
        "count": None if problem else _count(admin, request, asked, rows, page),
        "problem": problem,
        "cl": Shown(rows),
    }
    fragment = wants_fragment(request)
    if not fragment:
        context |= _frame(admin, request, asked)
    response = render_page(
        request,
        "pages/list.html",
        context,
        title=capfirst(str(admin.opts.verbose_name_plural)),
        fragment="pages/_list.html",
        status=400 if problem and not fragment else 200,
    )
    if fragment and request.headers.get("HX-Trigger") != LIVE:
        response["HX-Push-Url"] = f"{admin.list_address()}?{request.GET.urlencode() if problem else _canonical(asked)}"
    return response


def _live(admin: "ConsoleList", request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What the socket of the newest rows is asked for, and how it stands; older pages stay as they are."""
    if not admin.live_topic or asked.oldest or asked.get("after") or asked.get("before"):
        return {}
    parameters = {"topic": admin.live_topic}
    view = live.view_of(request, parameters, zone=timezone.get_current_timezone_name())
    return {"live": urlencode(parameters), "live_text": live.render(view)} if view is not None else {}


def _count(admin: "ConsoleList", request: HttpRequest, asked: Asked, rows: Any, page: Slice) -> Count:
    return paging.count(rows, page, admin.order(request, asked), asked, admin.rows_here(request))


def _rows(admin: "ConsoleList", request: HttpRequest, asked: Asked, page: Slice) -> dict[str, Any]:
    viewer = Viewer(person(request))
    order = "newest" if asked.get("order") == "oldest" else "oldest"
    actions, bulk, export_url = _actions(admin, request), admin.bulk_pages(request), _export_url(admin, request)
    return {
        "columns": admin.columns,
        "lines": [_line(admin, row, viewer) for row in admin.decorate(page.rows)],
        "page": page,
        "asked": asked,
        "chips": asked.chips(),
        "list_url": admin.list_address(),
        "cl_key": admin.list_key,
        "dates": admin.dates,
        "density": preferences_of(viewer.user).density,
        "links": admin.links(request),
        "selectable": bool(actions or bulk or export_url),
        "turned": asked.query(order=order),
        "oldest": asked.get("order") == "oldest",
        "noun": str(admin.opts.verbose_name),
        "nouns": str(admin.opts.verbose_name_plural),
        "empty_hint": admin.empty_hint,
        "query": asked.query(),
        "actions": actions,
        "bulk_pages": bulk,
        "export_url": export_url,
    }


def _frame(admin: "ConsoleList", request: HttpRequest, asked: Asked) -> dict[str, Any]:
    views = saved_views.of_list(person(request), place_of(request), admin.list_key)
    query = asked.query()
    return {
        "opts": admin.opts,
        "fields": asked.fields(),
        "kept": asked.kept(),
        "dated": bool(admin.dates),
        "search_hint": admin.search_hint,
        "views": views,
        "list_key": admin.list_key,
        "lives": bool(admin.live_topic),
        "current": next((view for view in views if view.query == query and query), None),
    }


def _line(admin: "ConsoleList", row: Any, viewer: Viewer) -> Line:
    name = getattr(row, "public_id", None) or str(row)
    return Line(str(row.pk), address(row), name, [cell(column, row, viewer) for column in admin.columns])


def _actions(admin: "ConsoleList", request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, str(label)) for name, label in admin.get_action_choices(request, default_choices=[])]


def _export_url(admin: "ConsoleList", request: HttpRequest) -> str:
    allowed = admin.exports and actor_of(request).may(EXPORT_SCOPE)
    return f"{admin.list_address()}export/" if allowed else ""


def _related(admin: "ConsoleList") -> tuple[str, ...]:
    wanted = admin.list_select_related
    # select_related without a name would follow every relation.
    return tuple(wanted) if isinstance(wanted, tuple | list) and wanted else (None,)  # type: ignore[return-value]


def _canonical(asked: Asked) -> str:
    place = "&".join(f"{name}={asked.get(name)}" for name in ("after", "before") if asked.get(name))
    return "&".join(filter(None, [asked.query(), place])) or "all=1"
