"""The HTTP door of agents: before Django's middleware under ASGI, and the same engine behind a view under WSGI."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.http.request import validate_host
from rest_framework.exceptions import Throttled

from mcp_bridge.engine.answers import EVENTS, Answer, Stream
from mcp_bridge.engine.handshake import last_of
from mcp_bridge.engine.http import Engine, HttpRequest
from mcp_bridge.engine.modern import LISTEN
from mcp_bridge.engine.serving import Narrowing, Principal
from mcp_bridge.engine.wire import INVALID_REQUEST, MOST_BYTES, RpcError
from mcp_bridge.memory import SharedMemory
from mcp_bridge.principals import authenticate, challenge
from mcp_bridge.server import RupaiServer
from mcp_bridge.threads import in_thread
from rupai.accounts.authentication import refuse_flood
from rupai.core import logs
from rupai.core.addresses import address_of

log = structlog.get_logger("rupai.request")
Recognise = Callable[[Mapping[str, str], str | None], Principal | None]
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def _recognise(headers: Mapping[str, str], address: str | None) -> Principal | None:
    return authenticate(headers, address=address)


@dataclass(frozen=True)
class Door:
    """An engine at an address, and how its callers are recognised."""

    engine: Engine
    recognise: Recognise = _recognise

    async def answer(self, request: HttpRequest, address: str | None) -> Answer | Stream:
        """Answer one request of anybody."""
        refused = self.engine.refuse(request) or _foreign_host(request)
        if refused is not None:
            return refused
        principal = await in_thread(lambda: self.recognise(request.headers, address))
        if principal is None:
            return await in_thread(lambda: _unknown(request.headers, address))
        return await self.engine.handle(request, principal)


def door() -> Door:
    """The door at ``/mcp``."""
    return Door(Engine(RupaiServer(), SharedMemory(), hosts=known_hosts()))


def known_hosts() -> frozenset[str]:
    """The names under which this server may be reached."""
    own = urlsplit(settings.BASE_URL).hostname or ""
    return frozenset({own, *(host.strip("[]") for host in settings.ALLOWED_HOSTS)})


def request_of(verb: str, query: str, pairs: Iterable[tuple[str, str]], body: bytes) -> HttpRequest:
    """A request as the engine sees it."""
    pairs = list(pairs)
    counted = Counter(name for name, _ in pairs)
    asked = parse_qs(query)
    toolsets = tuple(name for each in asked.get("toolsets", []) for name in each.split(",") if name)[:20]
    narrowing = Narrowing(toolsets, asked.get("read_only", ["0"])[-1] in {"1", "true"})
    twice = frozenset(name for name, count in counted.items() if count > 1)
    return HttpRequest(verb, dict(pairs), body, twice, narrowing)


async def body_answer(door: Door, request: HttpRequest, address: str | None) -> Answer:
    """Answer where no stream can be sent: what was said on the way is left out, and listening is refused."""
    if request.verb == "GET" or request.headers.get("mcp-method", "").strip() == LISTEN:
        return Answer(406, RpcError(INVALID_REQUEST, "This address sends no streams").body(None))
    found = await door.answer(request, address)
    return found if isinstance(found, Answer) else Answer(200, await last_of(found))


class McpApp:
    """The ASGI application at ``/mcp``: one read, one answer, no middleware."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(
        self,
        scope: Mapping[str, Any],
        receive: Callable[[], Awaitable[Mapping[str, Any]]],
        send: Callable[[Mapping[str, Any]], Awaitable[None]],
    ) -> None:
        began = time.perf_counter()
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        with logs.correlated(logs.new_id()):
            body = await _body(receive)
            request = request_of(scope["method"], scope["query_string"].decode("latin-1"), pairs, body)
            peer = (scope.get("client") or [None])[0]
            answer = await self._door.answer(request, address_of(peer, request.headers.get("x-forwarded-for", "")))
            status = answer.status if isinstance(answer, Answer) else 200
            spent = round((time.perf_counter() - began) * 1000, 1)
            log.info("mcp", method=request.verb, path=scope["path"], status=status, milliseconds=spent)
            if isinstance(answer, Answer):
                await _send(send, answer)
            else:
                await _stream(receive, send, answer)


async def _body(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> bytes:
    """The body, and no more of it than shows that it is too large."""
    found: bytes = b""
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body") or len(found) > MOST_BYTES:
            return found


def headers_of(answer: Answer | Stream) -> dict[str, str]:
    """All headers of an answer."""
    if isinstance(answer, Stream):
        return {**_ALWAYS, "Content-Type": EVENTS, "X-Accel-Buffering": "no", **answer.headers}
    shown = {**_ALWAYS, "Content-Length": str(len(answer.body)), **answer.headers}
    return {**shown, "Content-Type": answer.media_type} if answer.body else shown


def _headers(answer: Answer | Stream) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers_of(answer).items()]


async def _send(send: Callable[[Mapping[str, Any]], Awaitable[None]], answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": _headers(answer)})
    await send({"type": "http.response.body", "body": answer.body})


async def _stream(
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
    answer: Stream,
) -> None:
    """Send events until they end or the client hangs up."""
    await send({"type": "http.response.start", "status": 200, "headers": _headers(answer)})
    sending = asyncio.ensure_future(_send_frames(send, answer))
    gone = asyncio.ensure_future(_hung_up(receive))
    await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    sending.cancel()
    await asyncio.gather(sending, gone, return_exceptions=True)


async def _send_frames(send: Callable[[Mapping[str, Any]], Awaitable[None]], answer: Stream) -> None:
    async for frame in answer.frames:
        await send({"type": "http.response.body", "body": frame, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _hung_up(receive: Callable[[], Awaitable[Mapping[str, Any]]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _foreign_host(request: HttpRequest) -> Answer | None:
    host = request.headers.get("host", "").rpartition(":")[0] or request.headers.get("host", "")
    if validate_host(host.lower(), settings.ALLOWED_HOSTS):
        return None
    return Answer(421, RpcError(INVALID_REQUEST, "This host is not served here").body(None))


def _unknown(headers: Mapping[str, str], address: str | None) -> Answer:
    """401 with where to ask for a token; 429 for an address that keeps guessing."""
    wrong = "authorization" in headers
    body = RpcError(INVALID_REQUEST, "Send an agent key or a token for this server as a bearer").body(None)
    if wrong:
        try:
            refuse_flood(address)
        except Throttled as flood:
            return Answer(429, body, {"Retry-After": str(round(getattr(flood, "wait", None) or 1))})
    return Answer(401, body, {"WWW-Authenticate": challenge(wrong=wrong)})
