"""One JSON exchange with a provider, timed, and kept in the form in which it may be stored."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from payments.providers.http import NotSent, Transport
from payments.providers.redaction import redacted


class Unreadable(ValueError):
    """The provider's answer lacks something or does not fit the question."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a request.

    `status` is 0 when there was no answer; `failure` then says why, and `never_sent` whether that is certain to mean
    that nothing arrived. `body` is None for an answer that is no JSON object.
    """

    request: Mapping[str, Any]
    latency_ms: int
    status: int = 0
    body: Mapping[str, Any] | None = None
    failure: str = ""
    never_sent: bool = False
    response: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trace(self) -> dict[str, Any]:
        """The fields that every result carries."""
        return {"request": self.request, "response": self.response, "latency_ms": self.latency_ms}


def exchange(
    transport: Transport, method: str, path: str, *, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
) -> Sent:
    """Send JSON and read JSON; no outcome of the network raises."""
    request = {"method": method, "path": path, "body": redacted(body or {})}
    raw = None if body is None else json.dumps(body, separators=(",", ":")).encode()
    kind = {} if raw is None else {"Content-Type": "application/json"}
    started = time.perf_counter()
    try:
        answer = transport.send(method, path, headers={**headers, **kind}, body=raw)
    except (NotSent, OSError) as error:
        never = isinstance(error, NotSent)
        trace = {"failure": str(error)}
        return Sent(request, _since(started), failure=str(error), never_sent=never, response=trace)
    latency = _since(started)
    try:
        parsed = json.loads(answer.body)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        unread = {"status": answer.status, "unreadable_bytes": len(answer.body)}
        return Sent(request, latency, answer.status, None, "The answer is no JSON object", response=unread)
    response = {"status": answer.status, "body": redacted(parsed)}
    return Sent(request, latency, answer.status, parsed, response=response)


def text(values: Mapping[str, Any], name: str) -> str:
    """Read a string of an answer.

    :raises Unreadable: when it is missing or no string.
    """
    value = values.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"{name} is missing in the answer")
    return value


def integer(values: Mapping[str, Any], name: str) -> int:
    """Read a whole number of an answer; true and 1.0 are none.

    :raises Unreadable: when it is missing or something else.
    """
    value = values.get(name)
    if type(value) is not int:
        raise Unreadable(f"{name} is no whole number in the answer")
    return value


def objects(values: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Read a list of objects of an answer.

    :raises Unreadable: when it is missing or something else.
    """
    value = values.get(name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable(f"{name} is no list of objects in the answer")
    return value


def _since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
