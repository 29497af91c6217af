"""Filters of lists: a query parameter that nobody knows is refused, not ignored."""

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from drf_spectacular.utils import extend_schema_field
from rest_framework.request import Request

from rupai.core.currencies import CURRENCIES
from rupai.core.errors import InvalidInput
from rupai.core.money import MAX_MINOR

_DIGITS = re.compile(r"[0-9]{1,16}")


class UnknownParameter(InvalidInput):
    code = "unknown_parameter"


def check_parameters(request: Request, known: frozenset[str]) -> None:
    """Refuse query parameters that are unknown, empty, given twice, or carry a NUL.

    :raises UnknownParameter: naming the parameter and those that exist.
    """
    for name, values in request.query_params.lists():
        if name not in known:
            listed = ", ".join(sorted(known)) or "none"
            raise UnknownParameter(f"There is no parameter {name[:40]!r} here", hint=f"Known parameters: {listed}.")
        if len(values) > 1:
            raise UnknownParameter(f"The parameter {name!r} stands twice")
        if not values[0]:
            # django-filter would list everything to somebody who asked for something.
            raise UnknownParameter(f"The parameter {name!r} is empty", hint="Leave it out to list everything.")
        if "\0" in values[0]:
            raise UnknownParameter(f"The parameter {name!r} has a NUL")


class StrictFilterBackend(filters.DjangoFilterBackend):  # type: ignore[misc]
    """django-filter; its errors are 400 as everywhere."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filtered: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return filtered


def parameters_of(view: Any) -> frozenset[str]:
    """The query parameters that a view's list takes."""
    filterset = getattr(view, "filterset_class", None)
    names = set(filterset.base_filters) if filterset is not None else set()
    asked = getattr(view, "query_serializer", None)
    names |= set(asked().fields) if asked is not None else set()
    return frozenset(names | getattr(view.pagination_class, "query_parameters", set()))


class MinorUnitsField(forms.IntegerField):
    """Digits only: no sign, point or exponent."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "min_value": 0, "max_value": MAX_MINOR})

    def to_python(self, value: Any) -> Any:
        if value and not _DIGITS.fullmatch(str(value)):
            raise forms.ValidationError("Send whole minor units.", "not_minor_units")
        return super().to_python(value)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": MAX_MINOR})
class MinorUnitsFilter(filters.Filter):  # type: ignore[misc]
    """Compares an amount of whole minor units."""

    field_class = MinorUnitsField


@extend_schema_field({"type": "string", "enum": list(CURRENCIES)})
class CurrencyFilter(filters.ChoiceFilter):  # type: ignore[misc]
    """A currency in which something can be paid."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[(code, code) for code in CURRENCIES], **options)


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """An ISO 8601 moment as the database can compare it: it knows no offset of 16 hours and more."""

    def to_python(self, value: Any) -> datetime | None:
        found: datetime | None = super().to_python(value)
        try:
            return None if found is None else found.astimezone(UTC)
        except OverflowError:
            raise forms.ValidationError("Send a moment of the years 1 to 9999.", "out_of_range") from None


class MomentFilter(filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Compares a moment."""

    field_class = MomentField


class CreatedFilter(filters.FilterSet):  # type: ignore[misc]
    """Filter rows by when they were made."""

    created_from = MomentFilter(field_name="created_at", lookup_expr="gte", help_text="Inclusive, ISO 8601")
    created_before = MomentFilter(field_name="created_at", lookup_expr="lt", help_text="Exclusive, ISO 8601")
