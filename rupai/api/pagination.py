"""Keyset pagination, newest first: as fast at row five million as at row one, and no row twice or skipped."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.core import crypto
from rupai.core.actor import Actor
from rupai.core.errors import InvalidInput

DEFAULT_LIMIT, MOST = 25, 100
_SEAL_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidPage(InvalidInput):
    code = "invalid_page"


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and where the next ones begin; ``next_cursor`` is empty on the last page."""

    rows: list[Any]
    next_cursor: str = ""

    @property
    def has_more(self) -> bool:
        return bool(self.next_cursor)


def place_of(actor: Actor, name: str, filters: Mapping[str, object]) -> str:
    """What a cursor belongs to: one list with its filters, as one merchant sees it in one mode."""
    return repr((name, str(actor.merchant_id), actor.livemode, sorted(filters.items())))


def page_of(rows: QuerySet[Any], *, place: str, limit: int, cursor: str | None = None, tie: str = "pk") -> Page:
    """Read a page, newest first. ``tie`` orders rows of one moment: a key, or a whole number that is not negative.

    :raises InvalidPage: when the cursor is not one of this place.
    """
    rows = rows.order_by("-created_at", f"-{tie}")
    if cursor is not None:
        moment, key = _decode(cursor, place)
        below = {f"{tie}__lt": key if tie == "pk" else key.int}
        rows = rows.filter(Q(created_at__lt=moment) | Q(created_at=moment, **below), created_at__lte=moment)
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    mark = getattr(last, tie)
    return Page(found[:limit], _encode(last.created_at, mark if isinstance(mark, UUID) else UUID(int=mark), place))


class KeysetPagination(BasePagination):
    """Pages by ``limit`` and an opaque ``cursor``; there is no total count, since counting large lists is slow."""

    query_parameters = frozenset({"limit", "cursor"})
    tie = "pk"

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        given = request.query_params
        limit = _limit(given.get("limit"))
        self.page = page_of(queryset, place=_place(request), limit=limit, cursor=given.get("cursor"), tie=self.tie)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        page: dict[str, Any] = {"data": data, "has_more": self.page.has_more}
        if self.page.has_more:
            page["next_cursor"] = self.page.next_cursor
        return Response(page)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["data", "has_more"],
            "properties": {
                "data": {"type": "array", "items": schema.get("items", schema)},
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": "string", "description": "Absent on the last page"},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
        return [
            {"name": "limit", "in": "query", "required": False, "schema": limit, "description": "Rows a page"},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "schema": {"type": "string", "pattern": "^[0-9A-Za-z_-]{43}$"},
                "description": "The next_cursor of the page before",
            },
        ]


def _place(request: Request) -> str:
    actor = request.auth
    assert isinstance(actor, Actor)
    filters = {name: value for name, value in request.query_params.items() if name not in {"limit", "cursor"}}
    return place_of(actor, request.path, filters)


def _seal(place: str, content: bytes) -> bytes:
    return salted_hmac(f"rupai.api.pagination:{place}", content, algorithm="sha256").digest()[:_SEAL_BYTES]


def _encode(moment: datetime, key: UUID, place: str) -> str:
    """Write where the next page begins, so that it holds for this list only."""
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    content = microseconds.to_bytes(8, "big") + key.bytes
    return base64.urlsafe_b64encode(content + _seal(place, content)).decode().rstrip("=")


def _decode(cursor: str, place: str) -> tuple[datetime, UUID]:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        content, seal = raw[:-_SEAL_BYTES], raw[-_SEAL_BYTES:]
        if not crypto.same(seal, _seal(place, content)):
            raise ValueError
        return _EPOCH + timedelta(microseconds=int.from_bytes(content[:8], "big")), UUID(bytes=content[8:])
    except (ValueError, OverflowError, binascii.Error):
        hint = "Send next_cursor of the page before, with the same filters."
        raise InvalidPage("The cursor is not one of this list", hint=hint) from None


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= MOST:
        raise InvalidPage(f"limit must be a whole number from 1 to {MOST}")
    return int(text)
