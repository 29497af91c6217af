"""From a serializer to JSON Schema 2020-12, as strict as the serializer itself."""

from collections.abc import Callable
from typing import Any

from rest_framework import fields, serializers

from rupai.api.fields import CurrencyCode

Schema = dict[str, Any]
Field = serializers.Field[Any, Any, Any, Any]


def of_input(serializer: type[serializers.Serializer[Any]]) -> Schema:
    """What a tool takes: named fields and no others."""
    return _object(serializer(), outward=False)


def of_output(serializer: type[serializers.Serializer[Any]]) -> Schema:
    """What a tool gives; fields that may be missing are not required, and none is null."""
    return _object(serializer(), outward=True)


def _object(serializer: serializers.Serializer[Any], *, outward: bool) -> Schema:
    shown = {name: field for name, field in serializer.fields.items() if outward or not field.read_only}
    found: Schema = {
        "type": "object",
        "properties": {name: _field(field, outward=outward) for name, field in shown.items()},
        "additionalProperties": False,
    }
    required = [name for name, field in shown.items() if field.required]
    return found | ({"required": required} if required else {})


def _field(field: Field, *, outward: bool) -> Schema:
    found = _kind(field, outward=outward)
    narrower = getattr(field, "narrower", {})
    found |= {name: value for name, value in narrower.items() if not isinstance(field, CurrencyCode) or name != "enum"}
    if field.help_text and "description" not in found:
        found["description"] = str(field.help_text)
    if not outward and field.default is not fields.empty and not callable(field.default):
        found["default"] = field.default
    return found


def _kind(field: Field, *, outward: bool) -> Schema:
    if isinstance(field, serializers.ListSerializer):
        assert isinstance(field.child, serializers.Serializer)
        return {"type": "array", "items": _object(field.child, outward=outward), **_lengths(field)}
    if isinstance(field, serializers.Serializer):
        return _object(field, outward=outward)
    if isinstance(field, serializers.ListField):
        return {"type": "array", "items": _field(field.child, outward=outward), **_lengths(field)}
    if isinstance(field, serializers.DictField):
        child = field.child
        anything = type(child) is fields._UnvalidatedField
        return {"type": "object"} | ({} if anything else {"additionalProperties": _field(child, outward=outward)})
    for kind, make in _KINDS:
        if isinstance(field, kind):
            return make(field)
    raise TypeError(f"No schema for {type(field).__name__}")


def _integer(field: Any) -> Schema:
    limits = {"minimum": field.min_value, "maximum": field.max_value}
    return {"type": "integer"} | {name: limit for name, limit in limits.items() if limit is not None}


def _number(field: Any) -> Schema:
    return {**_integer(field), "type": "number"}


def _choice(field: Any) -> Schema:
    return {"type": "string", "enum": [str(choice) for choice in field.choices if choice != ""]}


def _text(field: Any) -> Schema:
    found: Schema = {"type": "string"}
    if field.max_length is not None:
        found["maxLength"] = field.max_length
    if field.min_length is not None:
        found["minLength"] = field.min_length
    return found


def _pattern(field: Any) -> Schema:
    patterns = [each.regex.pattern for each in field.validators if hasattr(each, "regex")]
    return _text(field) | ({"pattern": patterns[-1]} if patterns else {})


def _of(**schema: Any) -> Callable[[Any], Schema]:
    return lambda _field: dict(schema)


def _lengths(field: Any) -> Schema:
    limits = {"minItems": getattr(field, "min_length", None), "maxItems": getattr(field, "max_length", None)}
    return {name: limit for name, limit in limits.items() if limit is not None}


# The first that fits: what is special stands before what it is made of.
_KINDS: list[tuple[type, Callable[[Any], Schema]]] = [
    # All codes would fill every list of tools; an unknown one is refused by the serializer.
    (CurrencyCode, _of(type="string", pattern="^[A-Z]{3}$")),
    (serializers.ChoiceField, _choice),
    (serializers.BooleanField, _of(type="boolean")),
    (serializers.IntegerField, _integer),
    (serializers.FloatField, _number),
    (serializers.DateTimeField, _of(type="string", format="date-time")),
    (serializers.DateField, _of(type="string", format="date")),
    (serializers.RegexField, _pattern),
    (serializers.URLField, _of(type="string", format="uri")),
    (serializers.EmailField, _text),
    (serializers.CharField, _text),
]
