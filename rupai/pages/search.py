"""The command search: one field for ids, e-mail addresses, last four digits, order and provider references."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.text import capfirst

from rupai.pages import preferences
from rupai.pages.bases import person
from rupai.pages.lists.columns import Cell, Viewer, address, cell
from rupai.pages.lists.console_list import ConsoleList
from rupai.pages.place import actor_of
from rupai.pages.registry import page
from rupai.pages.rendering import render_page

MOST_HITS = 5
_MOST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    title: str
    url: str
    cells: list[Cell] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """The hits of one kind, and where all of them are."""

    title: str
    hits: list[Hit]
    more_url: str = ""


Finder = Callable[[HttpRequest, str], list[Hit]]


@dataclass(frozen=True, slots=True)
class Source:
    """A place to look besides the lists."""

    name: str
    scope: str | None
    finder: Finder


_sources: dict[str, Source] = {}


def search_source(name: str, *, scope: str | None = None) -> Callable[[Finder], Finder]:
    """Register a finder of the command search; lists with ``in_search`` are looked into without it.

    :raises ValueError: when the name is taken.
    """

    def register(finder: Finder) -> Finder:
        if name in _sources:
            raise ValueError(f"The search source {name} is registered twice")
        _sources[name] = Source(name, scope, finder)
        return finder

    return register


def find(request: HttpRequest, term: str) -> list[Found]:
    """Look everywhere that someone may look, among the rows of the place where they work now."""
    if not term:
        return []
    named = _list_of_id(term)
    lists = [named] if named is not None else [each for each in _lists() if each.in_search]
    found = [_in_list(each, request, term) for each in lists if _open(each, request)]
    actor = actor_of(request)
    for source in [] if named is not None else _sources.values():
        if source.scope is None or actor.may(source.scope):
            found.append(Found(source.name, source.finder(request, term)[:MOST_HITS]))
    return [each for each in found if each.hits]


@page("search/", name="search")
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found; the exact id of one thing leads straight to it."""
    term = request.GET.get("q", "").replace("\0", "").strip()[:_MOST_TEXT]
    found = find(request, term)
    suggests = request.headers.get("HX-Request") == "true"
    if _list_of_id(term) is not None and found and not suggests:
        return HttpResponseRedirect(found[0].hits[0].url)
    # The field of the bar shows what it found below itself, and nothing while nothing is typed.
    offers = request.headers.get("HX-Target") == "suggestions"
    context = {"term": term, "found": found, "offers": offers}
    fragment = "pages/_suggestions.html" if offers else "pages/_search.html"
    return render_page(request, "pages/search.html", context, title="Search", fragment=fragment)


@search_source("Pages")
def _pages(request: HttpRequest, term: str) -> list[Hit]:
    """Entries of the menu by their name."""
    wanted = term.lower()
    return [
        Hit(item.title, preferences.address_of(item))
        for item in preferences.pages_for(request)
        if wanted in item.title.lower()
    ]


def _lists() -> list[ConsoleList]:
    return [each for each in admin.site._registry.values() if isinstance(each, ConsoleList)]


def _list_of_id(term: str) -> ConsoleList | None:
    """The list to which an id belongs, by its prefix."""
    prefix, _, rest = term.rpartition("_")
    if not prefix or len(rest) != 22:
        return None
    return next((each for each in _lists() if getattr(each.model, "prefix", "") == prefix), None)


def _open(shown: ConsoleList, request: HttpRequest) -> bool:
    scope = getattr(shown, "read_scope", None)
    actor = actor_of(request)
    # Without a scope a list is for those who have all, which has_view_permission asks.
    return bool(shown.has_view_permission(request)) and (scope is None or actor.may(scope))


def _in_list(shown: ConsoleList, request: HttpRequest, term: str) -> Found:
    rows = shown.search_rows(shown.rows_here(request), term, request)
    related: Any = shown.list_select_related
    if isinstance(related, tuple | list) and related:
        rows = rows.select_related(*related)
    viewer = Viewer(person(request))
    # No order: a search by something exact finds few rows, and sorting would look at all.
    hits = [_hit(shown, row, viewer) for row in rows[: MOST_HITS + 1]]
    more = f"{shown.list_address()}?{urlencode({'q': term})}" if len(hits) > MOST_HITS else ""
    return Found(capfirst(str(shown.opts.verbose_name_plural)), hits[:MOST_HITS], more)


def _hit(shown: ConsoleList, row: Any, viewer: Viewer) -> Hit:
    cells = [cell(column, row, viewer) for column in shown.columns if column.card and column.kind != "risk"]
    return Hit(getattr(row, "public_id", None) or str(row), address(row), cells)
