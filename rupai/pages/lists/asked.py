"""What the address of a list asks for: search, filters, dates, order and page; and how it is written back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from rupai.pages.lists.filters import BadFilter, Filter, moment

# ``all`` asks for the list without the view that would be opened by default.
_OWN = ("q", "from", "to", "order", "after", "before", "all")
# Django's own: a list opened by its autocomplete, and the mark of an address that it could not read.
_IGNORED = frozenset({"_popup", "_to_field", "e"})
# Not part of what is asked, only of where one stands in it.
_PLACE = frozenset({"after", "before", "all"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of a list's address, without empty ones."""

    filters: tuple[Filter, ...]
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    def by(cls, request: HttpRequest, filters: tuple[Filter, ...], *, dated: bool) -> "Asked":
        """Read the address.

        :raises BadFilter: when a parameter is unknown, stands twice or has a NUL.
        """
        known = {*_OWN, *(each.name for each in filters)} - (set() if dated else {"from", "to"})
        values: dict[str, str] = {}
        for name, given in request.GET.lists():
            if name in _IGNORED:
                continue
            if name not in known:
                listed = ", ".join(sorted(known - _PLACE))
                raise BadFilter(f"There is no filter {name[:40]!r} here", hint=f"There are: {listed}.")
            if len(given) > 1:
                raise BadFilter(f"The filter {name!r} stands twice", hint="Leave one of them out.")
            if "\0" in given[0]:
                raise BadFilter(f"The filter {name!r} has a NUL", hint="Leave it out.")
            if given[0].strip():
                values[name] = given[0].strip()
        return cls(filters, values)

    def get(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def narrows(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(set(self.values) - _PLACE - {"order"})

    @property
    def oldest(self) -> bool:
        order = self.get("order")
        if order not in {"", "oldest", "newest"}:
            raise BadFilter(f"There is no order {order[:40]!r}", hint="There are: newest, oldest.")
        return order == "oldest"

    def apply(self, rows: QuerySet[Any], *, dates: str) -> QuerySet[Any]:
        """Narrow rows by the filters and dates.

        :raises BadFilter: when a value cannot be read.
        """
        for each in self.filters:
            if each.name in self.values:
                rows = each.apply(rows, self.values[each.name])
        since, until = self.since, self.until
        if since is not None:
            rows = rows.filter(**{f"{dates}__gte": since})
        if until is not None:
            rows = rows.filter(**{f"{dates}__lt": until})
        return rows

    @property
    def since(self) -> datetime | None:
        return moment("From", self.values["from"]) if "from" in self.values else None

    @property
    def until(self) -> datetime | None:
        """A day given as the end is part of the range; a moment is not."""
        return moment("To", self.values["to"], end=True) if "to" in self.values else None

    def query(self, **changes: str) -> str:
        """The address with some parameters changed (empty: taken away), from the first page on."""
        wanted = {name: value for name, value in self.values.items() if name not in _PLACE} | changes
        found = QueryDict(mutable=True)
        for name, value in sorted(wanted.items()):
            if value:
                found[name] = value
        return found.urlencode()

    def chips(self) -> list[dict[str, str]]:
        """The active filters in words, each with the address that takes it away."""
        words = [(each.name, each.label, each.word(self.values.get(each.name, ""))) for each in self.filters]
        dates = [("from", "From", self.get("from")), ("to", "To", self.get("to"))]
        named = [("q", "Search", self.get("q")), *words, *dates]
        return [
            {"label": label, "value": word, "without": self.query(**{name: ""}) or "all=1"}
            for name, label, word in named
            if name in self.values
        ]

    def fields(self) -> list[dict[str, Any]]:
        """The selects of the bar."""
        return [
            {"name": each.name, "label": each.label, "options": each.choices(), "chosen": self.get(each.name)}
            for each in self.filters
            if each.shown and each.choices is not None
        ]

    def kept(self) -> list[tuple[str, str]]:
        """What the bar has no field for and must carry along."""
        shown = {each.name for each in self.filters if each.shown and each.choices is not None}
        return [
            (name, value)
            for name, value in self.values.items()
            if name not in shown | _PLACE | {"q"} and not (name in {"from", "to"} and len(value) == len("2026-01-31"))
        ]
