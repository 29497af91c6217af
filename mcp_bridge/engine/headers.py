"""Header rules of revision 2026-07-28: what intermediaries route by must say what the body says."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from mcp_bridge.engine.wire import HEADER_MISMATCH, RpcError

VERSION, METHOD, NAME = "mcp-protocol-version", "mcp-method", "mcp-name"
ONCE = (VERSION, METHOD, NAME)
PARAMETER = "mcp-param-"
ANNOTATION = "x-mcp-header"
# Methods whose target stands in the header, and the parameter that names it.
NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
_SEALED = re.compile(r"=\?base64\?(.*)\?=")
_DECIMAL = re.compile(r"-?[0-9]+(\.0+)?")


def check_routing(headers: Mapping[str, str], twice: frozenset[str], *, method: str, params: Mapping[str, Any]) -> None:
    """Compare method and name of the headers with the body; ``twice`` are the names of headers that came repeatedly.

    :raises RpcError: on the first that is missing, repeated or different.
    """
    for name in ONCE:
        if name in twice:
            raise _mismatch(f"{name} appears more than once")
    if headers.get(METHOD, "").strip() != method:
        raise _mismatch("Mcp-Method does not match the method of the body")
    key = NAMED_BY.get(method)
    wanted = params.get(key) if key else None
    if wanted is not None and decoded(headers.get(NAME)) != wanted:
        raise _mismatch(f"Mcp-Name does not match {key} of the body")


def check_parameters(
    headers: Mapping[str, str], twice: frozenset[str], *, annotated: Mapping[str, str], arguments: Mapping[str, Any]
) -> None:
    """Compare ``Mcp-Param-*`` with the arguments that a tool's schema says are repeated there.

    ``annotated`` maps an argument to its token. A header without its argument is as wrong as the reverse.

    :raises RpcError: on the first that differs.
    """
    for argument, token in annotated.items():
        name = PARAMETER + token.lower()
        raw, value = headers.get(name), arguments.get(argument)
        if raw is None and value is None:
            continue
        if raw is None or value is None or name in twice:
            raise _mismatch(f"Mcp-Param-{token} and the argument {argument} must both be there, once, or neither")
        text = decoded(raw)
        if text is None or not _same(text, value):
            raise _mismatch(f"Mcp-Param-{token} does not match the argument {argument}")


def annotations(schema: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of a schema that headers repeat, each with its token."""
    properties = schema.get("properties", {})
    return {name: each[ANNOTATION] for name, each in properties.items() if ANNOTATION in each}


def decoded(value: str | None) -> str | None:
    """A header's text, taken out of ``=?base64?...?=``; None when it is missing or not canonical base64 of UTF-8."""
    if value is None:
        return None
    value = value.strip()
    sealed = _SEALED.fullmatch(value)
    if sealed is None:
        return value
    try:
        raw = base64.b64decode(sealed[1], validate=True)
        return raw.decode("utf-8") if base64.b64encode(raw).decode() == sealed[1] else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _same(text: str, value: Any) -> bool:
    if isinstance(value, bool):
        return text == ("true" if value else "false")
    if isinstance(value, int):
        return _DECIMAL.fullmatch(text) is not None and text.partition(".")[0] == str(value)
    return isinstance(value, str) and text == value


def _mismatch(message: str) -> RpcError:
    return RpcError(HEADER_MISMATCH, message)
