"""Filters of lists: each is a parameter of the address; what cannot be read is refused by name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from rupai.core import ids
from rupai.core.errors import InvalidInput

Rows = QuerySet[Any]
Choices = Sequence[tuple[str, str]]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS = re.compile(r"[0-9]{1,16}")


class BadFilter(InvalidInput):
    """The address asks for something that this list does not have."""

    code = "bad_filter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """One filter. With ``choices`` it is a select in the bar; ``shown=False`` leaves it to links from elsewhere."""

    name: str
    label: str
    narrow: Callable[[Rows, str], Rows]
    choices: Callable[[], Choices] | None = None
    shown: bool = True

    def apply(self, rows: Rows, value: str) -> Rows:
        """Narrow the rows.

        :raises BadFilter: when the value is not one of the choices, or cannot be read.
        """
        if self.choices is not None and value not in dict(self.choices()):
            known = ", ".join(key for key, _ in self.choices())
            raise BadFilter(f"{self.label} cannot be {value[:40]!r}", hint=f"Choose one of: {known}.")
        return self.narrow(rows, value)

    def word(self, value: str) -> str:
        """The value as a person reads it."""
        return dict(self.choices()).get(value, value) if self.choices is not None else value


def choice(
    name: str,
    label: str,
    choices: Choices | Callable[[], Choices],
    *,
    field: str = "",
    narrow: Callable[[Rows, str], Rows] | None = None,
    shown: bool = True,
) -> Filter:
    """Choose one value of a column, or let ``narrow`` say what the value means."""

    def equal(rows: Rows, value: str) -> Rows:
        return rows.filter(**{field or name: value})

    listed = choices if callable(choices) else lambda: [(str(value), _sentence(word)) for value, word in choices]
    return Filter(name=name, label=label, narrow=narrow or equal, choices=listed, shown=shown)


def flag(name: str, label: str, *, narrow: Callable[[Rows, bool], Rows] | None = None) -> Filter:
    """Choose between yes and no."""

    def apply(rows: Rows, value: str) -> Rows:
        return narrow(rows, value == "yes") if narrow else rows.filter(**{name: value == "yes"})

    return Filter(name=name, label=label, narrow=apply, choices=lambda: [("yes", "Yes"), ("no", "No")])


def exact(name: str, label: str, *, field: str = "") -> Filter:
    """Exactly this text; comes from links and is shown as a chip."""
    return Filter(name=name, label=label, narrow=lambda rows, value: rows.filter(**{field or name: value}), shown=False)


def by_id(name: str, label: str, *, prefix: str, field: str) -> Filter:
    """Rows of the thing with this public id."""

    def apply(rows: Rows, value: str) -> Rows:
        try:
            return rows.filter(**{field: ids.parse(prefix, value)})
        except ids.InvalidId:
            raise BadFilter(f"{label} cannot be {value[:40]!r}", hint=f"It is an id such as {prefix}_….") from None

    return Filter(name=name, label=label, narrow=apply, shown=False)


def minor(name: str, label: str, *, lookup: str) -> Filter:
    """Compare an amount of whole minor units."""

    def apply(rows: Rows, value: str) -> Rows:
        if not _DIGITS.fullmatch(value):
            raise BadFilter(f"{label} cannot be {value[:40]!r}", hint="Write whole minor units, such as 10000.")
        return rows.filter(**{lookup: int(value)})

    return Filter(name=name, label=label, narrow=apply, shown=False)


def moment(label: str, text: str, *, end: bool = False) -> datetime:
    """Read a day (of the person's zone; its end when ``end``) or an exact moment.

    :raises BadFilter: when it is neither.
    """
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone()).astimezone(UTC)
        found = datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=timezone.get_current_timezone())
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadFilter(
            f"{label} cannot be {text[:40]!r}", hint="Write a day such as 2026-01-31, or an ISO 8601 moment."
        ) from None


def _sentence(word: object) -> str:
    text = str(word).replace("_", " ")
    return text[:1].upper() + text[1:]
