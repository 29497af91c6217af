"""The strict JSON door: what cannot be taken exactly as it was meant is refused, and nothing is guessed."""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
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


class LengthRequired(DomainError):
    code, status = "length_required", 411
    hint = "Send a Content-Length instead of a chunked body."


class WrongContentType(DomainError):
    code, status = "unsupported_media_type", 415
    hint = "Send application/json in UTF-8."


class CardNumberRefused(InvalidInput):
    """A card number would bring this system into the scope of the card industry's rules; none is taken or kept."""

    code = "card_number_refused"
    hint = "Never send card numbers here: let the provider's own field tokenise the card, and send the token."


def accept_chunked(request: HttpRequest) -> None:
    """Have a body read whose length is not told; Django REST framework would silently take it for an empty one.

    :raises LengthRequired: where the server does not pass such a body on (WSGI).
    """
    if "HTTP_TRANSFER_ENCODING" not in request.META or request.META.get("CONTENT_LENGTH"):
        return
    if not isinstance(request, ASGIRequest):
        raise LengthRequired("A body without a Content-Length cannot be read here")
    request.META["CONTENT_LENGTH"] = "-1"


class StrictJSONParser(BaseParser):
    """Reads ``application/json`` of at most 256 KB and depth 20."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        given = _MediaType(media_type or self.media_type)
        if given.full_type.lower() != self.media_type:
            # Django REST framework takes application/* for everything.
            raise WrongContentType("A content type with a wildcard says nothing")
        charset = given.params.get("charset", "utf-8")
        if charset.strip('"').lower() not in {"utf-8", "utf8"}:
            raise WrongContentType(f"The character set {charset[:20]!r} is not taken")
        request = (parser_context or {}).get("request")
        if request is not None and int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            raise BodyTooLarge("The body is too large")
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise BodyTooLarge("The body is too large")
        return loads(body) if body else {}


def loads(body: bytes) -> dict[str, Any]:
    """Read one strict JSON object.

    :raises MalformedJson: saying what is wrong.
    :raises CardNumberRefused: when any text or number in it is a card number.
    """
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise MalformedJson("The body is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"The body is not JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise MalformedJson("The body has a number with too many digits") from None
    if not isinstance(value, dict):
        raise MalformedJson("The body must be a JSON object")
    _check(value)
    return value


def _too_deep() -> MalformedJson:
    return MalformedJson(f"The body is nested more than {MOST_DEPTH} deep")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJson("A key stands twice in one object of the body")
    return found


def _constant(name: str) -> Any:
    raise MalformedJson(f"{name} is not a JSON number")


def _check(value: dict[str, Any]) -> None:
    """Look at every key and value, level by level."""
    level: list[Any] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > MOST_DEPTH:
            raise _too_deep()
        below: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                below += container.keys()
                below += container.values()
            else:
                below += container
        for item in below:
            _check_leaf(item)
        level = [item for item in below if isinstance(item, dict | list)]


def _check_leaf(item: Any) -> None:
    if isinstance(item, str):
        if "\0" in item or _SURROGATE.search(item):
            raise MalformedJson("A text has a NUL or half of a surrogate pair")
        if pan.contains(item):
            raise CardNumberRefused("A text in the body is a card number")
    elif isinstance(item, int | float):
        if isinstance(item, float) and math.isinf(item):
            raise MalformedJson("A number in the body is too large")
        if pan.contains(str(item)):
            raise CardNumberRefused("A number in the body is a card number")
