"""One page of a list: its rows, the ways to its neighbours, and how many there are without counting them all."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from rupai.pages.lists.asked import Asked
from rupai.pages.lists.cursor import Order

SIZE = 50
# Counting stops here; and with filters no more than so many of the newest rows are looked at for a count.
MOST_COUNTED = 1_000
_WINDOW = 10_000


@dataclass(slots=True)
class Slice:
    """Rows of one page, and the addresses before and after it."""

    rows: list[Any] = field(default_factory=list)
    newer: str = ""
    older: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows there are: exactly, or at least."""

    number: int
    exact: bool

    @property
    def text(self) -> str:
        return f"{self.number:,}{'' if self.exact else '+'}"


def cut(rows: QuerySet[Any], order: Order, asked: Asked) -> Slice:
    """Read one page and one row more, which tells whether there is another."""
    before, after = asked.get("before"), asked.get("after")
    if before:
        found = list(order.sort(order.beyond(rows, before, back=True), back=True)[: SIZE + 1])
        if len(found) > SIZE:
            return _page(list(reversed(found[:SIZE])), order, asked, newer=True, older=True)
        # Fewer are left than fill a page: this is the first one.
        after = ""
    start = order.beyond(rows, after) if after else rows
    found = list(order.sort(start)[: SIZE + 1])
    return _page(found[:SIZE], order, asked, newer=bool(after), older=len(found) > SIZE)


def count(rows: QuerySet[Any], page: Slice, order: Order, asked: Asked, everything: QuerySet[Any]) -> Count:
    """Tell how many rows there are, at a price that does not grow with them.

    A first page that is also the last one has counted itself. Otherwise at most a thousand are counted; when filters
    are set, among the newest ten thousand only, since a rare value would be looked for in all rows.
    """
    if not page.newer and not page.older:
        return Count(len(page.rows), exact=True)
    if not asked.narrows:
        found = rows.order_by()[: MOST_COUNTED + 1].count()
        return Count(min(found, MOST_COUNTED), found <= MOST_COUNTED)
    newest = order.sort(everything)
    window = newest[:_WINDOW].values("pk")
    found = rows.filter(pk__in=window).order_by()[: MOST_COUNTED + 1].count()
    whole = found <= MOST_COUNTED and not newest[_WINDOW : _WINDOW + 1].values("pk").exists()
    return Count(max(min(found, MOST_COUNTED), len(page.rows)), whole)


def _page(rows: list[Any], order: Order, asked: Asked, *, newer: bool, older: bool) -> Slice:
    page = Slice(rows)
    if rows and newer:
        page.newer = _with(asked, "before", order.cursor_of(rows[0]))
    if rows and older:
        page.older = _with(asked, "after", order.cursor_of(rows[-1]))
    if not rows and newer:
        page.newer = asked.query() or "all=1"
    return page


def _with(asked: Asked, name: str, cursor: str) -> str:
    return "&".join(filter(None, [asked.query(), f"{name}={cursor}"]))
