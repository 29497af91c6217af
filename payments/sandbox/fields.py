"""Strict reading of the JSON bodies that the sandbox acquirer takes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from payments.sandbox.messages import Refused, Request

MAX_AMOUNT = 9_007_199_254_740_991
REFERENCE = re.compile(r"[0-9A-Za-z._:-]{1,128}")
NAME = re.compile(r"[0-9A-Za-z_]{1,64}")
CURRENCY = re.compile(r"[A-Z]{3}")
LINE = re.compile(r"[^\x00-\x1f\x7f]{1,2000}")
WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\"'<>\\]{1,2000}")


class Fields:
    """A JSON object that is read field by field; `finish` refuses what nobody asked for."""

    def __init__(self, request: Request) -> None:
        """Parse the body; an empty one is an empty object.

        :raises Refused: 415 for another content type, 400 for anything but one JSON object.
        """
        self._values = _parse(request) if request.body else {}
        self._read: set[str] = set()

    def text(self, name: str, pattern: re.Pattern[str], *, default: str | None = None) -> str:
        """Read a string that matches a pattern; without a default it must be there."""
        value = self._take(name, None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _invalid(name, f"must be a string that matches {pattern.pattern}")
        return value

    def amount(self, *, default: int | None = None) -> int:
        """Read `amount`, whole minor units above zero; without a default it must be there."""
        value = self._take("amount", default)
        if type(value) is not int or not 0 < value <= MAX_AMOUNT:
            raise _invalid("amount", "must be a whole number of minor units above zero")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """Read true or false."""
        value = self._take(name, default)
        if type(value) is not bool:
            raise _invalid(name, "must be true or false")
        return value

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Read an object; a missing one is empty."""
        value = self._take(name, None)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _invalid(name, "must be an object")
        return value

    def listing(self, name: str) -> list[Any]:
        """Read a list; a missing one is empty."""
        value = self._take(name, None)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _invalid(name, "must be a list")
        return value

    def finish(self) -> None:
        """Refuse fields that were not read."""
        for name in self._values.keys() - self._read:
            raise _invalid(name, "is not a field of this request")

    def _take(self, name: str, default: Any) -> Any:
        self._read.add(name)
        value = self._values.get(name)
        return default if value is None else value


def _parse(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "wrong_content_type", "Send application/json")
    try:
        values = json.loads(request.body, object_pairs_hook=_distinct, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "invalid_json", f"The body is no JSON object: {error}") from error
    if not isinstance(values, dict):
        raise Refused(400, "invalid_json", "The body must be a JSON object")
    return values


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key occurs twice")
    return values


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _invalid(name: str, problem: str) -> Refused:
    return Refused(400, "invalid_field", f"{name} {problem}")
