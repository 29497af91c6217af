"""JSON-RPC 2.0 on the wire: strict reading, and the errors that the revisions name."""

import json
from dataclasses import dataclass, field
from typing import Any

# The revisions without a handshake.
SUPPORTED = ("2026-07-28",)
MOST_BYTES = 262_144
DEEPEST = 20

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
RESOURCE_NOT_FOUND = -32002  # handshake revisions; the newest uses INVALID_PARAMS
HEADER_MISMATCH = -32020
CAPABILITY_MISSING = -32021
VERSION_NOT_SUPPORTED = -32022

# The statuses of the newest revision; an error that is not here is told with 200.
STATUS_OF = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    CAPABILITY_MISSING: 400,
    VERSION_NOT_SUPPORTED: 400,
    METHOD_NOT_FOUND: 404,
}


class RpcError(Exception):
    """An error of the protocol: code, message, data; ``status`` and ``headers`` where HTTP has a say of its own."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        data: Any = None,
        status: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data
        self.own_status, self.headers = status, headers or {}

    @property
    def status(self) -> int:
        return self.own_status or STATUS_OF.get(self.code, 200)

    def body(self, request_id: Any) -> bytes:
        """The error as the answer to a request; ``None`` where its id is not known."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return dumps({"jsonrpc": "2.0", "id": request_id, "error": error})


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a client: a request with an id, a notification without, or an answer to a question of ours."""

    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    id: Any = None
    answer: dict[str, Any] | None = None

    @property
    def is_request(self) -> bool:
        return self.answer is None and self.id is not None


def dumps(value: Any) -> bytes:
    """Compact JSON; ASCII, so that no lone surrogate can make it fail."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def result(request_id: Any, value: bytes) -> bytes:
    """The answer to a request whose result is JSON already."""
    return b'{"jsonrpc":"2.0","id":' + dumps(request_id) + b',"result":' + value + b"}"


def parse(body: bytes) -> Any:
    """Read JSON that can mean one thing only.

    :raises RpcError: on bytes that are no UTF-8, duplicate names, NaN, NUL, lone surrogates, or too much nesting.
    """
    try:
        text = body.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise RpcError(PARSE_ERROR, "Parse error") from None
    if "\\u" in text.lower() or "\x00" in text:
        _check_text(found)
    if _depth(found) > DEEPEST:
        raise RpcError(PARSE_ERROR, f"Parse error: nested deeper than {DEEPEST}")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _check_text(value: Any) -> None:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in one):
            raise RpcError(PARSE_ERROR, "Parse error: text with NUL or a lone surrogate")


def _depth(value: Any) -> int:
    deepest, left = 0, [(value, 1)]
    while left:
        one, depth = left.pop()
        if isinstance(one, dict | list):
            deepest = max(deepest, depth)
            if depth > DEEPEST:
                return depth
            left += [(each, depth + 1) for each in (one.values() if isinstance(one, dict) else one)]
    return deepest


def message_of(found: Any) -> Message:
    """Read one message.

    :raises RpcError: when it is no object of the form.
    """
    if not isinstance(found, dict) or found.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "The body must be one JSON-RPC 2.0 message")
    request_id = found.get("id")
    if "id" in found and (isinstance(request_id, bool) or not isinstance(request_id, str | int)):
        raise RpcError(INVALID_REQUEST, "The id must be a string or a whole number")
    if "method" not in found:
        if "id" in found and ("result" in found) != ("error" in found):
            return Message(id=request_id, answer=found)
        raise RpcError(INVALID_REQUEST, "The body must be a request or a notification")
    params = found.get("params", {})
    if not isinstance(found["method"], str) or not isinstance(params, dict):
        raise RpcError(INVALID_REQUEST, "method must be a string and params an object")
    return Message(found["method"], params, request_id)
