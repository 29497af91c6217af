"""Where a page of a list begins: the key of a row, so that no row comes twice or is skipped while others are added."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from rupai.pages.lists.filters import BadFilter

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Order:
    """An order that an index serves: by a moment and the key, or by the key alone. Newest first unless ``oldest``."""

    moment: str = ""
    oldest: bool = False

    def sort(self, rows: QuerySet[Any], *, back: bool = False) -> QuerySet[Any]:
        sign = "" if self.oldest != back else "-"
        return rows.order_by(*([f"{sign}{self.moment}"] if self.moment else []), f"{sign}pk")

    def beyond(self, rows: QuerySet[Any], cursor: str, *, back: bool = False) -> QuerySet[Any]:
        """The rows after a cursor in this order, or before it when ``back``.

        :raises BadFilter: when the cursor is none of this list.
        """
        moment, key = _decode(cursor, rows.model, with_moment=bool(self.moment))
        word = "gt" if self.oldest != back else "lt"
        if not self.moment:
            return rows.filter(**{f"pk__{word}": key})
        # The outer condition is implied; it lets the index begin at the right place.
        return rows.filter(
            Q(**{f"{self.moment}__{word}": moment}) | Q(**{self.moment: moment, f"pk__{word}": key}),
            **{f"{self.moment}__{word}e": moment},
        )

    def cursor_of(self, row: Model) -> str:
        """The cursor that stands at a row."""
        since = (getattr(row, self.moment) - _EPOCH) // timedelta(microseconds=1) if self.moment else None
        raw = json.dumps([since, str(row.pk)]).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(cursor: str, model: type[Model], *, with_moment: bool) -> tuple[datetime | None, Any]:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        since, key = json.loads(raw)
        pk: Any = model._meta.pk
        moment = _EPOCH + timedelta(microseconds=int(since)) if with_moment else None
        found = pk.to_python(key) if isinstance(key, str) else None
        if found is None:
            raise ValueError(key)
        return moment, _within(found)
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError):
        raise BadFilter("This page of the list cannot be found", hint="Begin at the first page.") from None


def _within(key: Any) -> Any:
    if isinstance(key, int) and not -(2**63) <= key < 2**63:
        raise ValueError(key)
    return key


def order_of(model: type[Model], *, one_merchant: bool, oldest: bool = False) -> Order:
    """The order of a model's list: by moment where an index of one merchant's rows says so, else by the key in time."""
    newest = {tuple(index.fields) for index in model._meta.indexes if not index.condition}
    indexed = any((merchant, "livemode", "-created_at", "-id") in newest for merchant in ("merchant_id", "merchant"))
    return Order("created_at" if indexed and one_merchant else "", oldest)
