"""A request to the acquirer and its answer, without a word about sockets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from payments.sandbox.tokens import Delivery

JSON = "application/json"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, `query` holds decoded values."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `delivery` says whether it arrives, `wait_ms` how long it takes or the line is held."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    delivery: Delivery = Delivery.NORMAL
    wait_ms: int = 0


class Refused(Exception):
    """The acquirer refuses a request by name; nothing is booked."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """Write the refusal as an answer."""
        return Answer(self.status, encode({"error": {"code": self.code, "message": self.message}}))


def encode(value: Mapping[str, Any]) -> bytes:
    """Write a JSON body."""
    return json.dumps(value, separators=(",", ":")).encode()
