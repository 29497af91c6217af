"""Revision 2026-07-28: no handshake, no session; each request says who asks and what the client can do."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from mcp_bridge.engine import headers as header_rules
from mcp_bridge.engine import state
from mcp_bridge.engine.answers import Answer, Stream, event
from mcp_bridge.engine.methods import METHODS, TASKS, Method, discover, object_of, unknown
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
    CAPABILITY_MISSING,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    SUPPORTED,
    VERSION_NOT_SUPPORTED,
    Message,
    RpcError,
    dumps,
    result,
)

PREFIX = "io.modelcontextprotocol/"
TASKS_EXTENSION = f"{PREFIX}tasks"
TTL_MS = 60_000
# Lists follow the caller's scopes and may be kept for a minute; a subscription tells of changes sooner.
CACHEABLE = frozenset(
    {"server/discover", "tools/list", "resources/list", "resources/templates/list", "resources/read", "prompts/list"}
)
ROUNDS = frozenset({"tools/call", "prompts/get", "resources/read"})
LISTEN = "subscriptions/listen"
# What a client may listen to, and the notification that tells of it.
KINDS = {
    "toolsListChanged": ("tools", "notifications/tools/list_changed"),
    "promptsListChanged": ("prompts", "notifications/prompts/list_changed"),
    "resourcesListChanged": ("resources", "notifications/resources/list_changed"),
}


class Modern:
    """Answers the requests of one server in the newest revision."""

    def __init__(self, serving: Serving, memory: Memory) -> None:
        self._serving, self._memory = serving, memory
        self._tail = b',"_meta":' + dumps({f"{PREFIX}serverInfo": self._info()}) + b"}"

    def _info(self) -> dict[str, str]:
        return {"name": self._serving.name, "title": self._serving.title, "version": self._serving.release}

    async def handle(
        self,
        message: Message,
        principal: Principal,
        headers: Mapping[str, str],
        twice: frozenset[str],
        narrowing: Narrowing,
    ) -> Answer | Stream:
        """Answer one message; a notification is taken and forgotten, as this revision has none that asks for more."""
        if not message.is_request:
            return Answer(202)
        try:
            exchange = self._exchange(message, headers, twice, narrowing)
            if message.method == LISTEN:
                return Stream(self._listen(message, principal, object_of(message.params, "notifications")))
            method = self._method(message, exchange)
        except RpcError as error:
            return Answer(error.status, error.body(message.id), error.headers)

        async def work() -> bytes:
            found = await self._serving.run(lambda: self._do(method, message, principal, exchange))
            return result(message.id, found)

        return await respond(message.id, exchange, work)

    def _exchange(
        self, message: Message, headers: Mapping[str, str], twice: frozenset[str], narrowing: Narrowing
    ) -> Exchange:
        """Read what the request says of itself, and hold the headers to it."""
        meta = message.params.get("_meta")
        wanted = (f"{PREFIX}protocolVersion", f"{PREFIX}clientCapabilities")
        missing = [name for name in wanted if not isinstance(meta, dict) or name not in meta]
        if missing or not isinstance(meta, dict):
            raise RpcError(INVALID_PARAMS, f"params._meta lacks {', '.join(missing)}")
        version, capabilities = meta[wanted[0]], meta[wanted[1]]
        if headers.get(header_rules.VERSION, "").strip() != version:
            raise RpcError(HEADER_MISMATCH, "MCP-Protocol-Version does not match the version in _meta")
        header_rules.check_routing(headers, twice, method=message.method, params=message.params)
        if version not in SUPPORTED:
            data = {"supported": list(SUPPORTED), "requested": version}
            raise RpcError(VERSION_NOT_SUPPORTED, "Unsupported protocol version", data=data)
        if not isinstance(capabilities, dict):
            raise RpcError(INVALID_PARAMS, f"{wanted[1]} must be an object")
        if message.method == "tools/call":
            annotated = self._serving.headers_of(str(message.params.get("name")))
            arguments = object_of(message.params, "arguments")
            header_rules.check_parameters(headers, twice, annotated=annotated, arguments=arguments)
        client = meta.get(f"{PREFIX}clientInfo")
        level = meta.get(f"{PREFIX}logLevel")
        return Exchange(
            version,
            client=str(client.get("name", "")) if isinstance(client, dict) else "",
            capabilities=capabilities,
            progress_token=meta.get("progressToken"),
            log_level=level if level in LEVELS else "",
            narrowing=narrowing,
        )

    def _method(self, message: Message, exchange: Exchange) -> Method:
        if message.method == "server/discover":
            return discover
        if message.method in TASKS:
            if not takes_tasks(exchange):
                raise needs({"extensions": {TASKS_EXTENSION: {}}})
            return TASKS[message.method]
        if message.method not in METHODS:
            raise unknown(message.method)
        return METHODS[message.method]

    def _do(self, method: Method, message: Message, principal: Principal, exchange: Exchange) -> bytes:
        """Run a method to the bytes of its result; runs in a thread."""
        params = message.params
        try:
            if message.method in ROUNDS:
                self._take_answers(message, principal, exchange)
            found = method(self._serving, principal, params, exchange)
        except InputRequired as asked:
            return self._complete(self._asked(asked, message, principal, exchange), "input_required")
        except TaskStarted as started:
            return self._complete(started.task, "task")
        if message.method in CACHEABLE:
            hint = {"ttlMs": TTL_MS, "cacheScope": "private"}
            if isinstance(found, bytes):
                return found + b"," + dumps({**hint, "resultType": "complete"})[1:-1] + self._tail
            found = {**found, **hint}
        assert isinstance(found, dict)
        return self._complete(found, "complete")

    def _complete(self, found: dict[str, Any], kind: str) -> bytes:
        return dumps({**found, "resultType": kind})[:-1] + self._tail

    def _take_answers(self, message: Message, principal: Principal, exchange: Exchange) -> None:
        params = message.params
        if params.get("requestState") is not None:
            exchange.state = state.unseal(self._memory, principal, message.method, params)
        responses = params.get("inputResponses")
        if "inputResponses" not in params:
            return
        if not isinstance(responses, dict) or not all(isinstance(each, dict) for each in responses.values()):
            raise RpcError(INVALID_PARAMS, "inputResponses must be an object of objects")
        exchange.input_responses = responses

    def _asked(
        self, asked: InputRequired, message: Message, principal: Principal, exchange: Exchange
    ) -> dict[str, Any]:
        for each in asked.requests.values():
            capability = str(each.get("method", "")).partition("/")[0]
            if not exchange.supports(capability):
                raise needs({capability: {}})
        shown: dict[str, Any] = {"inputRequests": asked.requests}
        if asked.state is not None:
            sealed = state.seal(self._memory, principal, message.method, message.params, asked.state)
            shown["requestState"] = sealed
        return shown

    async def _listen(self, message: Message, principal: Principal, wanted: dict[str, Any]) -> AsyncIterator[bytes]:
        """Tell of changes until the client hangs up; the first event says which were granted."""
        granted: dict[str, Any] = {name: True for name in KINDS if wanted.get(name) is True}
        uris = wanted.get("resourceSubscriptions")
        if isinstance(uris, list) and uris:
            granted["resourceSubscriptions"] = [uri for uri in uris if isinstance(uri, str)]
        meta = {f"{PREFIX}subscriptionId": message.id}
        names = {KINDS[name][0]: KINDS[name][1] for name in granted if name in KINDS}
        async for said in self._memory.listen([principal.key, EVERYBODY]):
            if not said:
                told = {"_meta": meta, "notifications": granted}
                yield _notification("notifications/subscriptions/acknowledged", told)
            elif said.get("kind") in names:
                yield _notification(names[said["kind"]], {"_meta": meta})
            elif said.get("uri") in granted.get("resourceSubscriptions", ()):
                yield _notification("notifications/resources/updated", {"_meta": meta, "uri": said["uri"]})
            elif said.get("kind") == "ping":
                yield b": ping\r\n\r\n"


EVERYBODY = "everybody"


def takes_tasks(exchange: Exchange) -> bool:
    """Whether the client understands a task in the place of a result."""
    extensions = exchange.capabilities.get("extensions")
    return isinstance(extensions, dict) and TASKS_EXTENSION in extensions


def needs(capabilities: dict[str, Any]) -> RpcError:
    """The refusal of a client that cannot do what the answer would need."""
    data = {"requiredCapabilities": capabilities}
    return RpcError(CAPABILITY_MISSING, "The client lacks a capability that this needs", data=data)


def _notification(method: str, params: dict[str, Any]) -> bytes:
    return event(dumps({"jsonrpc": "2.0", "method": method, "params": params}))
