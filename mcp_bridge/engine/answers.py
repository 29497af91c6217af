"""What goes back over HTTP: one body, or a stream of events."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

JSON = "application/json"
EVENTS = "text/event-stream"
PING = b": ping\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Stream:
    """A response of server-sent events; closing the iterator is what a client's hanging up does."""

    frames: AsyncIterator[bytes]
    headers: dict[str, str] = field(default_factory=dict)


def event(message: bytes) -> bytes:
    """One JSON-RPC message as an event."""
    return b"event: message\r\ndata: " + message + b"\r\n\r\n"
