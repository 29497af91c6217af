"""Streamable HTTP: one address for all revisions; which of them speaks is told by the headers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from mcp_bridge.engine.answers import EVENTS, JSON, Answer, Stream
from mcp_bridge.engine.handshake import VERSIONS as HANDSHAKES
from mcp_bridge.engine.handshake import Handshake
from mcp_bridge.engine.headers import VERSION
from mcp_bridge.engine.modern import LISTEN, Modern
from mcp_bridge.engine.serving import Memory, Narrowing, Principal, Serving
from mcp_bridge.engine.wire import INVALID_REQUEST, MOST_BYTES, RpcError, message_of, parse


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What the engine sees of a request: header names in lower case, ``twice`` those that came more than once."""

    verb: str
    headers: Mapping[str, str]
    body: bytes = b""
    twice: frozenset[str] = frozenset()
    narrowing: Narrowing = field(default_factory=Narrowing)


class Engine:
    """One server at one address. ``hosts`` are the names under which browsers may reach it."""

    def __init__(self, serving: Serving, memory: Memory, *, hosts: frozenset[str]) -> None:
        self._hosts = hosts
        self._modern, self._handshake = Modern(serving, memory), Handshake(serving, memory)

    def refuse(self, request: HttpRequest) -> Answer | None:
        """The refusal of what needs no caller to be refused: a foreign origin, a verb, a body that is no JSON."""
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).hostname not in self._hosts:
            return _refused(403, "This origin may not call here")
        if request.verb not in {"POST", "GET", "DELETE"}:
            return Answer(405, headers={"Allow": "POST, GET, DELETE"})
        if request.verb != "POST":
            return None
        media_type, _, rest = request.headers.get("content-type", "").partition(";")
        charset = rest.lower().replace(" ", "").replace('"', "")
        if media_type.strip().lower() != JSON or charset not in {"", "charset=utf-8"}:
            return _refused(415, "Send application/json in UTF-8")
        if len(request.body) > MOST_BYTES:
            return _refused(413, f"The body is larger than {MOST_BYTES} bytes")
        if not _accepts(request, JSON):
            return _refused(406, "Accept application/json and text/event-stream")
        return None

    async def handle(self, request: HttpRequest, principal: Principal) -> Answer | Stream:
        """Answer a request that ``refuse`` let through, for a caller who is known."""
        try:
            return await self._handle(request, principal)
        except RpcError as error:
            return Answer(error.status if error.status != 200 else 400, error.body(None), error.headers)

    async def _handle(self, request: HttpRequest, principal: Principal) -> Answer | Stream:
        version = request.headers.get(VERSION, "").strip()
        old = version in HANDSHAKES or (not version and "mcp-session-id" in request.headers)
        if request.verb != "POST":
            if not old and version:
                return Answer(405, headers={"Allow": "POST"})
            if request.verb == "DELETE":
                return await self._handshake.end(principal, request.headers)
            if not _accepts(request, EVENTS):
                return _refused(406, "Accept text/event-stream")
            return await self._handshake.listen(principal, request.headers)
        found = parse(request.body)
        begins = isinstance(found, dict) and found.get("method") == "initialize" and not version
        # A caller that says neither a revision nor a session is one of the newest that forgot its header.
        if old or begins or (isinstance(found, list) and not version):
            return await self._handshake.handle(found, principal, request.headers, request.narrowing)
        message = message_of(found)
        if message.answer is not None:
            raise RpcError(INVALID_REQUEST, "Nobody asked for an answer")
        if message.method == LISTEN and not _accepts(request, EVENTS):
            return _refused(406, "Accept text/event-stream")
        return await self._modern.handle(message, principal, request.headers, request.twice, request.narrowing)


def _accepts(request: HttpRequest, media_type: str) -> bool:
    wanted = [each.partition(";")[0].strip() for each in request.headers.get("accept", "*/*").split(",")]
    return any(each in {media_type, "*/*", media_type.partition("/")[0] + "/*"} for each in wanted)


def _refused(status: int, message: str) -> Answer:
    return Answer(status, RpcError(INVALID_REQUEST, message).body(None))
