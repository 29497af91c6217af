"""A merchant's receiver on loopback that answers as told and remembers what it got."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Told:
    """How to answer one request."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    seconds: float = 0


@dataclass
class Got:
    """One request that came in; ``end`` is when its answer went out."""

    headers: dict[str, str]
    body: bytes
    end: float = 0


class Receiver:
    """Answers each request with the next of ``answers``, and 200 when there are no more."""

    def __init__(self) -> None:
        self.answers: list[Told] = []
        self.always = Told()
        self.got: list[Got] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._handle(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Keep the test's output readable."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        got = Got({name.lower(): value for name, value in request.headers.items()}, body)
        with self._lock:
            told = self.answers.pop(0) if self.answers else self.always
            self.got.append(got)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        time.sleep(told.seconds)
        with self._lock:
            self._at_once -= 1
            got.end = time.monotonic()
        try:
            request.send_response(told.status)
            for name, value in told.headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(told.body)))
            request.end_headers()
            request.wfile.write(told.body)
        except OSError:
            # The sender did not wait for the answer.
            request.close_connection = True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the time of a block."""
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.close()
