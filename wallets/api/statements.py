"""The REST door of statements: pages of JSON, or a whole file."""

from datetime import date
from typing import Any, ClassVar

import django_filters
from django.http import HttpResponse, HttpResponseBase
from django_filters import rest_framework as filters
from django_filters.utils import translate_validation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from rupai.api.pagination import DEFAULT_LIMIT, MOST, KeysetPagination
from rupai.api.streaming import stream
from rupai.api.views import Door
from rupai.core import clock
from wallets.models import Entry
from wallets.reports import statement as reports
from wallets.selectors.wallets import FIRST_DAY, KINDS, LAST_DAY, Statement, statement_of
from wallets.serializers.wallets import EntryView, StatementView

FORMATS = ["json", "csv", "pdf"]
_DAY = ["%Y-%m-%d"]


class EntryPagination(KeysetPagination):
    """Entries of one moment follow each other by their account's version."""

    tie = "version"


class StatementFilter(filters.FilterSet):  # type: ignore[misc]
    """What may be asked of a statement; the selector is who filters."""

    start_date = django_filters.DateFilter(input_formats=_DAY)
    end_date = django_filters.DateFilter(input_formats=_DAY)
    type = django_filters.ChoiceFilter(choices=[(kind, kind) for kind in KINDS])
    format = django_filters.ChoiceFilter(choices=[(name, name) for name in FORMATS])


def _day(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, date, description=f"{description}, {FIRST_DAY} to {LAST_DAY}")


_PARAMETERS = [
    _day("start_date", "Inclusive, in the merchant's zone"),
    _day("end_date", "Inclusive, in the merchant's zone, at most 400 days after start_date"),
    OpenApiParameter("type", {"type": "string", "enum": KINDS, "default": "all"}),
    OpenApiParameter("format", {"type": "string", "enum": FORMATS, "default": "json"}),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}),
    OpenApiParameter(
        "cursor", {"type": "string", "pattern": "^[0-9A-Za-z_-]{43}$"}, description="The next_cursor of the page before"
    ),
]


class Statements(Door):
    scopes: ClassVar = {"GET": "wallets:read"}
    lists = True
    queryset = Entry.objects.none()
    filterset_class = StatementFilter
    pagination_class = EntryPagination
    serializer_class = StatementView

    @extend_schema(
        operation_id="get_wallet_statement",
        parameters=_PARAMETERS,
        filters=False,
        responses={
            (200, "application/json"): StatementView,
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, wallet_id: str) -> HttpResponseBase:
        """Read what came and went in a wallet: pages of JSON, newest first, or a file of all, oldest first."""
        asked = self._asked()
        form = asked.pop("format") or "json"
        days = {name: asked[name] for name in ("start_date", "end_date")}
        found = statement_of(actor=self.actor, wallet_id=wallet_id, type=asked["type"] or "all", **days)
        if form == "csv":
            name = f"{found.wallet.public_id}.csv"
            pieces = reports.csv_pieces(found)
            return stream(request._request, pieces, content_type="text/csv; charset=utf-8", name=name)
        if form == "pdf":
            return _file(found)
        return self._page(found)

    def _asked(self) -> dict[str, Any]:
        asked = StatementFilter(self.request.query_params, queryset=self.queryset, request=self.request)
        if not asked.is_valid():
            raise translate_validation(asked.errors)
        values: dict[str, Any] = asked.form.cleaned_data
        return values

    def _page(self, found: Statement) -> Response:
        entries: Any = self.paginate_queryset(found.entries)
        shown = EntryView(entries, many=True, context={"currency": found.wallet.currency}).data
        page = dict(self.get_paginated_response(shown).data)
        return Response(
            {
                "wallet_id": found.wallet.public_id,
                "currency": found.wallet.currency,
                "start_date": found.start,
                "end_date": found.end,
                "opening_balance": found.opening,
                "closing_balance": found.closing,
                "transactions": page.pop("data"),
                **page,
            }
        )


def _file(found: Statement) -> HttpResponse:
    response = HttpResponse(reports.pdf(found, at=clock.now()), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.wallet.public_id}.pdf"'
    return response
