"""The strict JSON door: what cannot be taken exactly as it was meant is refused, and nothing is guessed."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser
from rest_framework.utils.mediatypes import _MediaType

from rupai.core import pan
from rupai.core.errors import DomainError, InvalidInput

MOST_BYTES = 262_144
MOST_DEPTH = 20
_SURROGATE = re.compile("[\ud800-\udfff]")


class MalformedJson(InvalidInput):
    code = "malformed_json"
    hint = "Send one JSON object in UTF-8, without duplicate keys, NaN or Infinity."


class BodyTooLarge(DomainError):
    code, status = "body_too_large", 413
    hint = f"A body may have {MOST_BYTES} bytes."


class WrongContentType(DomainError):
    code, status = "unsupported_media_type", 415
    hint = "Send application/json in UTF-8."


class CardNumberRefused(InvalidInput):
    """A card number would bring this system into the scope of the card industry's rules; none is taken or kept."""

    code = "card_number_refused"
    hint = "Never send card numbers here: let the provider's own field tokenise the card, and send the token."


class StrictJSONParser(BaseParser):
    """Reads ``application/json`` of at most 256 KB and depth 20."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        charset = _MediaType(media_type or self.media_type).params.get("charset", "utf-8")
        if charset.strip('"').lower() not in {"utf-8", "utf8"}:
            raise WrongContentType(f"The character set {charset[:20]!r} is not taken")
        request = (parser_context or {}).get("request")
        if request is not None and int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise BodyTooLarge("The body is too large")
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise BodyTooLarge("The body is too large")
        return loads(body)


def loads(body: bytes) -> dict[str, Any]:
    """Read one strict JSON object.

    :raises MalformedJson: saying what is wrong.
    :raises CardNumberRefused: when any text in it is a card number.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson("The body is not UTF-8") from None
    if body.count(b"[") + body.count(b"{") > MOST_DEPTH and _depth(text) > MOST_DEPTH:
        raise MalformedJson(f"The body is nested more than {MOST_DEPTH} deep")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedJson(f"The body is not JSON: {str(error)[:120]}") from None
    if not isinstance(value, dict):
        raise MalformedJson("The body must be a JSON object")
    for found in _texts(value):
        if "\0" in found or _SURROGATE.search(found):
            raise MalformedJson("A text has a NUL or half of a surrogate pair")
        if pan.contains(found):
            raise CardNumberRefused("A text in the body is a card number")
    return value


def _depth(text: str) -> int:
    deepest = depth = 0
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
