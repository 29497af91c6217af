"""Columns of a list: where a value comes from, how it is shown, and how it is written into a file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import Model
from django.urls import reverse

from rupai.accounts.models import Customer, User
from rupai.core.money import Money

Kind = Literal["money", "status", "id", "text", "mono", "number", "when", "customer", "risk", "flag"]
# A cell that begins like this would be run as a formula by a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CUSTOMERS = "customers:read"
_pages: dict[type[Model], Callable[[Any], str]] = {}


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a list, and what they may see at which merchant."""

    user: User

    def may(self, scope: str, merchant: UUID | None) -> bool:
        if self.user.is_superuser:
            return True
        return merchant is not None and scope in self.user.reach.get(merchant, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column.

    ``value`` is an attribute path (default: ``name``) or a function of the row; ``currency`` likewise, for money.
    ``url`` makes the value a link. ``detail`` is small text after it. ``card`` says where it stands on a small screen.
    """

    name: str
    label: str
    kind: Kind = "text"
    value: str | Callable[[Any], Any] = ""
    currency: str | Callable[[Any], Any] = "currency"
    url: Callable[[Any], str] | None = None
    detail: str | Callable[[Any], Any] = ""
    card: Literal["primary", "secondary", ""] = ""

    def of(self, row: Any) -> Any:
        return _read(row, self.value or self.name)

    @property
    def is_number(self) -> bool:
        return self.kind in {"money", "number"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a template shows of one column of one row."""

    column: Column
    value: Any
    currency: str = ""
    url: str = ""
    detail: str = ""


def cell(column: Column, row: Any, viewer: Viewer) -> Cell:
    """Work out what one cell shows to a viewer."""
    value = column.of(row)
    if column.kind == "customer":
        text, url = _customer(value, viewer)
        return Cell(column, text, url=url)
    if column.kind == "risk":
        return Cell(column, None if value is None else round(float(value) * 100))
    currency = _read(row, column.currency) if column.kind == "money" else ""
    url = column.url(row) if column.url and value else ""
    detail = str(_read(row, column.detail) or "") if column.detail else ""
    return Cell(column, value, currency, url, detail)


def headings(columns: tuple[Column, ...]) -> list[str]:
    """The first line of a file: money takes three columns."""
    found: list[str] = []
    for column in columns:
        found += [column.name, "currency", f"{column.name}_minor"] if column.kind == "money" else [column.name]
    return found


def record(columns: tuple[Column, ...], row: Any, viewer: Viewer) -> list[str]:
    """One line of a file; no cell is ever read as a formula."""
    found: list[str] = []
    for column in columns:
        value = column.of(row)
        if column.kind == "money":
            code = _read(row, column.currency)
            minor = None if value is None else int(value)
            # Digits of our own: a minus sign here is a number's.
            found += ["", "", ""] if minor is None else [Money(minor, code).decimal(), code, str(minor)]
        elif column.kind == "customer":
            found.append(guarded(_customer(value, viewer)[0]))
        else:
            found.append(guarded(plain(value)))
    return found


def plain(value: Any) -> str:
    """A value as text: moments in ISO 8601 and UTC, lists with spaces between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def row_page(model: type[Model], page: Callable[[Any], str]) -> None:
    """Let the rows of a model lead to a page of their own instead of the admin's form."""
    _pages[model] = page


def address(row: Model) -> str:
    """The page of a row."""
    if type(row) in _pages:
        return _pages[type(row)](row)
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def related_id(field: str, model: Any) -> Callable[[Any], str]:
    """The public id of a related row, without reading it."""

    def found(row: Any) -> str:
        key = getattr(row, f"{field}_id")
        return "" if key is None else str(model(pk=key).public_id)

    return found


def related_url(field: str, model: Any) -> Callable[[Any], str]:
    """The page of a related row, without reading it."""
    return lambda row: address(model(pk=getattr(row, f"{field}_id")))


def _customer(customer: Customer | None, viewer: Viewer) -> tuple[str, str]:
    """The e-mail address or name to those who may see contact data, else the bare id without a link."""
    if customer is None:
        return "", ""
    if not viewer.may(CUSTOMERS, customer.merchant_id):
        return customer.public_id, ""
    person = customer.person()
    return person.get("email") or person.get("name") or customer.public_id, address(customer)


def _read(row: Any, source: str | Callable[[Any], Any]) -> Any:
    if callable(source):
        return source(row)
    found = row
    for part in source.split("__"):
        found = getattr(found, part)
    return found() if callable(found) else found
