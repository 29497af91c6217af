"""Where apps plug their pages and menu entries into the console; found by autodiscovery, like admin classes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponseBase

from rupai.pages.place import actor_of
from rupai.pages.refusals import refuse

GROUPS = ("", "Revenue", "Operate", "Intelligence", "Configure")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One entry of the rail; ``url_name`` is looked up as ``admin:<url_name>``, ``scope`` None is for all staff."""

    title: str
    icon: str
    url_name: str
    group: str = ""
    order: int = 100
    scope: str | None = None
    letter: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A view at ``/admin/<route>`` with the name ``admin:<name>``."""

    route: str
    name: str
    view: Callable[..., HttpResponseBase]
    scope: str | None


_items: dict[str, MenuItem] = {}
_pages: dict[str, Page] = {}
_index: list[Callable[..., HttpResponseBase]] = []


def menu(item: MenuItem) -> None:
    """Put an entry into the rail; a second one for the same address replaces the first."""
    if item.group not in GROUPS:
        raise ValueError(f"{item.group!r} is no group of the rail; there are {', '.join(filter(None, GROUPS))}")
    _items[item.url_name] = item


def items() -> list[MenuItem]:
    """All entries in the order of the rail."""
    return sorted(_items.values(), key=lambda item: (GROUPS.index(item.group), item.order, item.title))


def page(route: str, *, name: str, scope: str | None = None) -> Callable[[View], View]:
    """Serve a view at ``/admin/<route>`` as ``admin:<name>`` to staff whose role at the place has the scope."""

    def register(view: View) -> View:
        if name in _pages:
            raise ValueError(f"Two pages have the name {name!r}")
        _pages[name] = Page(route, name, guarded(view, scope), scope)
        return view

    return register


def index(view: View) -> View:
    """Make a view the console's first page."""
    _index[:] = [view]
    return view


def index_view() -> Callable[..., HttpResponseBase] | None:
    return _index[0] if _index else None


def pages() -> list[Page]:
    """All registered pages."""
    return list(_pages.values())


def guarded(view: Callable[..., HttpResponseBase], scope: str | None) -> Callable[..., HttpResponseBase]:
    """Refuse a view with a page to those without the scope."""

    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if scope is not None and not actor_of(request).may(scope):
            return refuse(request, scope=scope)
        return view(request, *args, **kwargs)

    update_wrapper(checked, view)
    return checked
