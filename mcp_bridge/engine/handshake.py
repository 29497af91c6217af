"""Revisions 2025-03-26 to 2025-11-25: a session that begins with ``initialize``, kept where every process finds it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from typing import Any

from mcp_bridge.engine.answers import PING, Answer, Stream, event
from mcp_bridge.engine.methods import METHODS, Params, text_of, unknown
from mcp_bridge.engine.modern import EVERYBODY, KINDS
from mcp_bridge.engine.serving import (
    LEVELS,
    Exchange,
    InputRequired,
    Memory,
    Narrowing,
    Principal,
    Serving,
    TaskStarted,
)
from mcp_bridge.engine.streams import respond
from mcp_bridge.engine.wire import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    Message,
    RpcError,
    dumps,
    message_of,
    result,
)

VERSIONS = ("2025-11-25", "2025-06-18", "2025-03-26")
BATCHES = "2025-03-26"
SESSION = "mcp-session-id"
SESSION_SECONDS = 3600
ASK_SECONDS = 60.0
MOST_IN_A_BATCH = 20
Session = dict[str, Any]


class Handshake:
    """Answers the requests of one server in the revisions that begin with a handshake."""

    def __init__(self, serving: Serving, memory: Memory) -> None:
        self._serving, self._memory = serving, memory

    async def handle(
        self, found: Any, principal: Principal, headers: Mapping[str, str], narrowing: Narrowing
    ) -> Answer | Stream:
        """Answer a posted body: one message, or a list of them in the revision that had lists."""
        if isinstance(found, list):
            return await self._batch(found, principal, headers, narrowing)
        message = message_of(found)
        if message.method == "initialize" and message.is_request:
            return await self._initialize(message, principal)
        session = await self._session(principal, headers)
        return await self._one(message, session, principal, narrowing)

    async def _one(
        self, message: Message, session: Session, principal: Principal, narrowing: Narrowing
    ) -> Answer | Stream:
        if message.answer is not None:
            await self._hear(message, session)
            return Answer(202)
        if not message.is_request:
            return Answer(202)
        exchange = _exchange(message, session, narrowing)
        exchange.asking = self._asking(session, exchange)

        async def work() -> bytes:
            own = {"ping": _nothing, "logging/setLevel": self._set_level}.get(message.method)
            if own is not None:
                return result(message.id, dumps(await own(message.params, session)))
            if message.method in {"resources/subscribe", "resources/unsubscribe"}:
                return result(message.id, dumps(await self._subscribe(message, session)))
            return result(message.id, await self._serving.run(lambda: self._do(message, principal, exchange)))

        return await respond(message.id, exchange, work, errors_are_ok=True)

    async def _batch(
        self, found: list[Any], principal: Principal, headers: Mapping[str, str], narrowing: Narrowing
    ) -> Answer:
        session = await self._session(principal, headers)
        if session["version"] != BATCHES:
            raise RpcError(INVALID_REQUEST, f"{session['version']} has no lists of messages; send one at a time")
        if not 0 < len(found) <= MOST_IN_A_BATCH:
            raise RpcError(INVALID_REQUEST, f"A list has 1 to {MOST_IN_A_BATCH} messages")
        bodies = []
        for each in found:
            try:
                answer = await self._one(message_of(each), session, principal, narrowing)
            except RpcError as error:
                bodies.append(error.body(None))
                continue
            bodies += [answer.body] if isinstance(answer, Answer) else [await last_of(answer)]
        told = [body for body in bodies if body]
        return Answer(200, b"[" + b",".join(told) + b"]") if told else Answer(202)

    async def _initialize(self, message: Message, principal: Principal) -> Answer:
        params = message.params
        wanted = params.get("protocolVersion")
        if not isinstance(wanted, str) or not isinstance(params.get("capabilities", {}), dict):
            raise RpcError(INVALID_PARAMS, "initialize needs protocolVersion and capabilities")
        client = params.get("clientInfo")
        version = wanted if wanted in VERSIONS else VERSIONS[0]
        session = {
            "id": secrets.token_urlsafe(24),
            "principal": principal.key,
            "version": version,
            "client": str(client.get("name", ""))[:80] if isinstance(client, dict) else "",
            "capabilities": params.get("capabilities", {}),
            "level": "info",
            "uris": [],
        }
        await self._save(session)
        info = {"name": self._serving.name, "title": self._serving.title, "version": self._serving.release}
        features = {**self._serving.features(), "logging": {}}
        features.pop("extensions", None)
        shown = {"protocolVersion": version, "capabilities": features, "serverInfo": info}
        shown["instructions"] = self._serving.instructions
        return Answer(200, result(message.id, dumps(shown)), {"Mcp-Session-Id": str(session["id"])})

    async def listen(self, principal: Principal, headers: Mapping[str, str]) -> Stream:
        """The stream on which a session hears what belongs to no request of its own."""
        return Stream(self._heard(await self._session(principal, headers)))

    async def _heard(self, session: Session) -> AsyncIterator[bytes]:
        told = dict(KINDS.values())
        async for said in self._memory.listen([session["principal"], EVERYBODY]):
            if not said or said.get("kind") == "ping":
                yield PING
            elif said.get("kind") in told:
                yield event(dumps({"jsonrpc": "2.0", "method": told[said["kind"]]}))
            elif said.get("uri") and said["uri"] in ((await self._memory.recall(_name(session))) or {}).get("uris", ()):
                method = "notifications/resources/updated"
                yield event(dumps({"jsonrpc": "2.0", "method": method, "params": {"uri": said["uri"]}}))

    async def end(self, principal: Principal, headers: Mapping[str, str]) -> Answer:
        """Forget a session."""
        await self._memory.forget(_name(await self._session(principal, headers)))
        return Answer(204)

    async def _session(self, principal: Principal, headers: Mapping[str, str]) -> Session:
        """The session that the headers name.

        :raises RpcError: 400 without one, 404 for one that is over, unknown or another caller's.
        """
        name = headers.get(SESSION, "").strip()
        if not name:
            raise RpcError(INVALID_REQUEST, "Begin with initialize, then send Mcp-Session-Id", status=400)
        session = await self._memory.recall(f"session:{name[:80]}")
        if session is None or session["principal"] != principal.key:
            raise RpcError(INVALID_REQUEST, "This session is over; begin anew with initialize", status=404)
        version = headers.get("mcp-protocol-version", "").strip()
        if version and version != session["version"]:
            text = f"This session speaks {session['version']}, not {version[:32]}"
            raise RpcError(INVALID_REQUEST, text, status=400)
        return session

    async def _save(self, session: Session) -> None:
        await self._memory.keep(_name(session), session, SESSION_SECONDS)

    async def _set_level(self, params: Params, session: Session) -> dict[str, Any]:
        level = text_of(params, "level")
        if level not in LEVELS:
            raise RpcError(INVALID_PARAMS, f"level is one of {', '.join(LEVELS)}")
        session["level"] = level
        await self._save(session)
        return {}

    async def _subscribe(self, message: Message, session: Session) -> dict[str, Any]:
        uri = text_of(message.params, "uri")
        others = [each for each in session["uris"] if each != uri]
        session["uris"] = [*others, uri][-100:] if message.method == "resources/subscribe" else others
        await self._save(session)
        return {}

    def _do(self, message: Message, principal: Principal, exchange: Exchange) -> bytes:
        if message.method not in METHODS:
            raise unknown(message.method)
        try:
            found = METHODS[message.method](self._serving, principal, message.params, exchange)
        except (InputRequired, TaskStarted):
            raise RpcError(INVALID_REQUEST, "This needs revision 2026-07-28") from None
        return found + b"}" if isinstance(found, bytes) else dumps(found)

    def _asking(self, session: Session, exchange: Exchange) -> Any:
        """How a tool in its thread asks the client and waits for the answer, whichever process gets it."""
        loop = asyncio.get_running_loop()

        def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
            work = self._ask(session, exchange, method, params)
            return asyncio.run_coroutine_threadsafe(work, loop).result(ASK_SECONDS + 5)

        return ask

    async def _ask(self, session: Session, exchange: Exchange, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if not exchange.supports(method.partition("/")[0]):
            raise RpcError(INVALID_REQUEST, f"The client does not offer {method}")
        request_id = f"ask-{secrets.token_urlsafe(18)}"
        heard = self._memory.listen([f"answer:{request_id}"])
        try:
            async with asyncio.timeout(ASK_SECONDS):
                async for said in heard:
                    if not said:
                        # Somebody hears the answer from here on, so the question can be put.
                        await self._memory.keep(f"asked:{request_id}", {"session": session["id"]}, int(ASK_SECONDS))
                        assert exchange.emit is not None
                        exchange.emit({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
                    elif "answer" in said:
                        return _answered(said["answer"])
        except TimeoutError:
            pass
        raise RpcError(INVALID_REQUEST, f"The client did not answer {method} in time")

    async def _hear(self, message: Message, session: Session) -> None:
        """Pass an answer on to the process whose tool waits for it; what nobody asked this session is dropped."""
        name = f"asked:{str(message.id)[:80]}"
        asked = await self._memory.recall(name)
        if asked is not None and asked["session"] == session["id"]:
            await self._memory.forget(name)
            await self._memory.say(f"answer:{message.id}", {"answer": message.answer})


def _name(session: Session) -> str:
    return f"session:{session['id']}"


def _exchange(message: Message, session: Session, narrowing: Narrowing) -> Exchange:
    meta = message.params.get("_meta")
    return Exchange(
        session["version"],
        client=session["client"],
        capabilities=session["capabilities"],
        progress_token=meta.get("progressToken") if isinstance(meta, dict) else None,
        log_level=session["level"],
        narrowing=narrowing,
    )


def _answered(answer: dict[str, Any]) -> dict[str, Any]:
    found = answer.get("result")
    if not isinstance(found, dict):
        raise RpcError(INVALID_REQUEST, "The client refused to answer")
    return found


async def _nothing(params: Params, session: Session) -> dict[str, Any]:
    return {}


async def last_of(stream: Stream) -> bytes:
    """The answer at the end of a stream, for whoever wants it as a whole."""
    last = b""
    async for frame in stream.frames:
        last = frame
    return last.partition(b"data: ")[2].strip()
