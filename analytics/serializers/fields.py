"""Fields of figures: what a query string and a JSON body both can say, and numbers that stay what they are."""

import re
from datetime import date
from math import isfinite
from typing import Any

from rest_framework import serializers

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


class Day(serializers.DateField):
    """A day as YYYY-MM-DD."""

    def to_internal_value(self, value: Any) -> date:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise serializers.ValidationError("Send a day as YYYY-MM-DD.", "not_a_day")
        return super().to_internal_value(value)


class Whole(serializers.IntegerField):
    """A whole number, as a JSON integer or as the digits of a query."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is int:
            return data
        if not isinstance(data, str) or not _DIGITS.fullmatch(data):
            raise serializers.ValidationError("Send a whole number.", "not_an_integer")
        return int(data)


class Fraction(serializers.FloatField):
    """A number from 0 to 1, as a JSON number or as the decimal of a query."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=1, **options)

    def to_internal_value(self, data: Any) -> float:
        written = isinstance(data, str) and _NUMBER.fullmatch(data)
        if not written and (type(data) not in {int, float} or not isfinite(data)):
            raise serializers.ValidationError("Send a number from 0 to 1.", "not_a_number")
        return float(data)


class Figure(serializers.FloatField):
    """A count, amount, rate or time: whole numbers stay whole."""

    def to_representation(self, value: Any) -> Any:
        return value


class Sparse(serializers.Serializer[Any]):
    """Leaves out what is not known, instead of calling it null."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return {name: value for name, value in shown.items() if value is not None}
