"""Serializer fields and a base class that take nothing they do not understand."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from rupai.core import ids
from rupai.core.currencies import CURRENCIES
from rupai.core.money import MAX_MINOR

_METADATA_KEY = re.compile(r"^[^\s]{1,40}$")


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses fields that it does not have."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            known = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [str(name) for name in data if name not in known]
            if unknown:
                hint = f"Known fields: {', '.join(sorted(known)) or 'none'}."
                raise serializers.ValidationError(
                    {
                        name[:64]: [serializers.ErrorDetail(f"There is no such field. {hint}", "unknown_field")]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class StrictText(serializers.CharField):
    """A JSON string; numbers and booleans are not taken for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError("Send a string.", "not_a_string")
        return super().to_internal_value(data)


class StrictBoolean(serializers.BooleanField):
    """``true`` or ``false``, nothing that looks like it."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise serializers.ValidationError("Send true or false.", "not_a_boolean")
        return data


class StrictInteger(serializers.IntegerField):
    """A JSON integer; 1.0, "1" and true are not."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            raise serializers.ValidationError("Send a whole number.", "not_an_integer")
        return super().to_internal_value(data)


class MinorUnits(serializers.IntegerField):
    """An amount in whole minor units, from 1 to the greatest integer that JSON keeps exactly."""

    hint = 'Amounts are whole minor units: for INR 100.00 send 10000, not 100.00 or "100".'

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "Integer in the currency's minor unit: INR 10000 is 100.00 rupees")
        super().__init__(min_value=1, max_value=MAX_MINOR, **options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            raise serializers.ValidationError(self.hint, "not_minor_units")
        return data


class CurrencyCode(serializers.CharField):
    """An upper-case ISO 4217 code in which something can be paid."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "ISO 4217, upper case")
        super().__init__(**options)
        self.narrower: dict[str, Any] = {"enum": list(CURRENCIES)}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or data not in CURRENCIES:
            raise serializers.ValidationError("Send an upper-case ISO 4217 code such as INR.", "unknown_currency")
        return data


class PublicId(serializers.CharField):
    """The public id of one kind of row; whether the row exists is the service's question."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        super().__init__(**options)
        self.narrower = {"pattern": f"^{prefix}_[0-9A-Za-z]{{{ids.LENGTH}}}$"}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(f"Send an id such as {self.prefix}_...", "invalid_id")
        try:
            ids.parse(self.prefix, data)
        except ids.InvalidId:
            raise serializers.ValidationError(f"This is no {self.prefix}_... id.", "invalid_id") from None
        return data


class Metadata(serializers.DictField):
    """At most 20 texts of the caller's own, each up to 500 characters."""

    narrower: ClassVar = {"maxProperties": 20, "propertyNames": {"pattern": _METADATA_KEY.pattern}}

    def __init__(self, **options: Any) -> None:
        super().__init__(child=StrictText(max_length=500, allow_blank=True, trim_whitespace=False), **options)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Send an object of texts.", "not_an_object")
        if len(data) > 20:
            raise serializers.ValidationError("At most 20 entries.", "too_many_entries")
        for name in data:
            if not _METADATA_KEY.fullmatch(name):
                raise serializers.ValidationError("Names have 1 to 40 characters without spaces.", "invalid_name")
        found: dict[str, str] = super().to_internal_value(data)
        return found
