"""HTTP/1.1 with keep-alive for the sandbox acquirer, and the ways in which an answer fails to arrive."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

from payments.sandbox.messages import Answer, Refused, Request, encode
from payments.sandbox.parsing import MAX_BODY, MAX_HEAD, Head, read_head
from payments.sandbox.tokens import Delivery

log = logging.getLogger(__name__)

# A request that began but does not become complete is given up after this many seconds.
PATIENCE = 30.0
MAX_CONNECTIONS = 1_024
_HELD = (Delivery.HOLD_BEFORE, Delivery.HOLD_AFTER)
_DROPPED = (Delivery.DROP_BEFORE, Delivery.DROP_AFTER)
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered one after the other."""

    def __init__(self, handle: Callable[[Request], Answer], peers: "set[Connection]") -> None:
        self._handle = handle
        self._peers = peers
        self._buffer = bytearray()
        self._head: Head | None = None
        self._busy = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if len(self._peers) >= MAX_CONNECTIONS:
            self._transport.abort()
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)
        self._stop_timer()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._work()
        elif len(self._buffer) > MAX_HEAD + MAX_BODY:
            self._transport.abort()

    def abort(self) -> None:
        """Drop the connection without an answer."""
        self._transport.abort()

    def _work(self) -> None:
        """Answer every complete request in the buffer."""
        try:
            while not self._busy and not self._transport.is_closing() and (request := self._next()):
                self._stop_timer()
                self._deliver(request, self._answer(request))
        except Refused as refused:
            # What follows cannot be told apart any more, so the connection ends here.
            self._write(refused.answer(), keep_alive=False)
            return
        if self._buffer and not self._busy and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.abort)

    def _next(self) -> Request | None:
        if self._head is None:
            self._head = read_head(self._buffer)
            if self._head is None:
                return None
            if self._head.headers.get("expect", "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        start, end = self._head.head_length, self._head.head_length + self._head.body_length
        if len(self._buffer) < end:
            return None
        request = self._head.request(bytes(self._buffer[start:end]))
        del self._buffer[:end]
        return request

    def _answer(self, request: Request) -> Answer:
        try:
            return self._handle(request)
        except Exception:
            log.exception("The sandbox failed at %s %s", request.method, request.path)
            return Answer(500, encode({"error": {"code": "internal_error", "message": "See the sandbox's log"}}))

    def _deliver(self, request: Request, answer: Answer) -> None:
        head, self._head = self._head, None
        keep_alive = head is not None and head.keep_alive
        if answer.delivery in _DROPPED:
            self._transport.abort()
        elif answer.delivery in _HELD:
            self._wait(answer.wait_ms, self.abort)
        elif answer.wait_ms:
            self._wait(answer.wait_ms, lambda: self._resume(request, answer, keep_alive))
        else:
            self._write(answer, keep_alive=keep_alive, without_body=request.method == "HEAD")

    def _wait(self, milliseconds: int, then: Callable[[], None]) -> None:
        self._busy = True
        self._timer = asyncio.get_running_loop().call_later(milliseconds / 1000, then)

    def _resume(self, request: Request, answer: Answer, keep_alive: bool) -> None:
        self._busy, self._timer = False, None
        self._write(answer, keep_alive=keep_alive, without_body=request.method == "HEAD")
        self._work()

    def _write(self, answer: Answer, *, keep_alive: bool, without_body: bool = False) -> None:
        body = answer.body
        if answer.delivery is Delivery.GARBLED_AFTER:
            body = body[: len(body) // 2]
        head = f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\nContent-Type: {answer.content_type}\r\n"
        head += f"Content-Length: {len(body)}\r\n"
        for name, value in answer.headers:
            head += f"{name}: {value}\r\n"
        if not keep_alive:
            head += "Connection: close\r\n"
        self._transport.write(f"{head}\r\n".encode("latin-1") + (b"" if without_body else body))
        if not keep_alive:
            self._transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
