"""Requests written byte by byte, which no client library would send."""

import contextlib
import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from tests.live import Stack

PATIENCE = 15.0


@dataclass
class RawAnswer:
    """An answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def send(stack: Stack, content: bytes) -> RawAnswer | None:
    """Send bytes on a connection of their own, and read the first answer; None when the server hangs up."""
    with socket.create_connection(("127.0.0.1", stack.web_port), timeout=PATIENCE) as connection:
        # It may answer and hang up before it has read everything.
        with contextlib.suppress(OSError):
            connection.sendall(content)
        return _read(connection)


def _read(connection: socket.socket) -> RawAnswer | None:
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        return RawAnswer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    except (ConnectionResetError, http.client.RemoteDisconnected):
        return None
    finally:
        answer.close()
