"""What the engine asks of whoever serves: tools, resources, prompts, and the places where state outlives a request."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from mcp_bridge.engine.wire import SUPPORTED

T = TypeVar("T")


class Principal(Protocol):
    """Who calls; ``key`` tells one caller from another and never changes for the same one."""

    @property
    def key(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the address asks to see: only some toolsets, only tools that read."""

    toolsets: tuple[str, ...] = ()
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gives back: content blocks, the structured value if there is one, and whether it is an error."""

    content: list[dict[str, Any]]
    structured: dict[str, Any] | None = None
    is_error: bool = False


class InputRequired(Exception):
    """A tool, prompt or resource that needs answers of the client first; ``state`` comes back with them, sealed."""

    def __init__(self, requests: dict[str, dict[str, Any]], state: Any = None) -> None:
        super().__init__("input required")
        self.requests, self.state = requests, state


class TaskStarted(Exception):
    """A tool whose result comes later; ``task`` is its present state as the tasks extension writes it."""

    def __init__(self, task: dict[str, Any]) -> None:
        super().__init__("task")
        self.task = task


class NotThere(Exception):
    """No such tool, prompt, resource or task for this caller."""


@dataclass(slots=True)
class Exchange:
    """One request under way. Its methods may be called from the thread in which the tool runs."""

    version: str
    client: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    progress_token: Any = None
    log_level: str = ""
    input_responses: Mapping[str, Any] | None = None
    state: Any = None
    narrowing: Narrowing = field(default_factory=Narrowing)
    emit: Callable[[dict[str, Any]], None] | None = None
    asking: Callable[[str, dict[str, Any]], dict[str, Any]] | None = None
    cancelled: bool = False

    @property
    def modern(self) -> bool:
        return self.version in SUPPORTED

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification on the stream of this request, if it can have one."""
        if self.emit is not None:
            self.emit({"jsonrpc": "2.0", "method": method, "params": params})

    def progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Tell how far the work is, when the client asked to be told."""
        if self.progress_token is not None:
            told: dict[str, Any] = {"progressToken": self.progress_token, "progress": done}
            told |= {"total": total} if total is not None else {}
            self.notify("notifications/progress", told | ({"message": message} if message else {}))

    def log(self, level: str, data: Any) -> None:
        """Send a log message, when the client wants those of this level."""
        if self.log_level and LEVELS.index(level) >= LEVELS.index(self.log_level):
            self.notify("notifications/message", {"level": level, "data": data})

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Ask the client something and wait for its answer; only the handshake revisions can.

        :raises NotThere: when this client or this revision cannot be asked.
        """
        if self.asking is None:
            raise NotThere(method)
        return self.asking(method, params)

    def supports(self, capability: str) -> bool:
        return isinstance(self.capabilities.get(capability), dict)


LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency")


class Serving(Protocol):
    """The server behind the engine. All methods are synchronous and run where ``run`` puts them."""

    name: str
    title: str
    release: str
    instructions: str

    async def run(self, work: Callable[[], T]) -> T:
        """Do synchronous work without holding up the event loop."""
        ...

    def features(self) -> Mapping[str, Any]:
        """The server's capabilities, e.g. ``{"tools": {"listChanged": True}}``."""
        ...

    def tools(self, principal: Principal, exchange: Exchange) -> bytes:
        """The JSON array of the tools that this caller may use."""
        ...

    def headers_of(self, name: str) -> Mapping[str, str]:
        """The arguments of a tool that headers repeat; empty for an unknown one."""
        ...

    def call(self, principal: Principal, name: str, arguments: dict[str, Any], exchange: Exchange) -> ToolResult: ...

    def resources(self, principal: Principal) -> list[dict[str, Any]]: ...

    def templates(self, principal: Principal) -> list[dict[str, Any]]: ...

    def read(self, principal: Principal, uri: str, exchange: Exchange) -> list[dict[str, Any]]: ...

    def prompts(self, principal: Principal) -> list[dict[str, Any]]: ...

    def prompt(
        self, principal: Principal, name: str, arguments: dict[str, Any], exchange: Exchange
    ) -> dict[str, Any]: ...

    def complete(self, principal: Principal, reference: Mapping[str, Any], name: str, value: str) -> list[str]: ...

    def task(self, principal: Principal, task_id: str) -> dict[str, Any]: ...

    def answer_task(self, principal: Principal, task_id: str, responses: Mapping[str, Any]) -> None: ...

    def cancel_task(self, principal: Principal, task_id: str) -> None: ...


class Memory(Protocol):
    """What several processes share: sealed states, sessions of the handshake revisions, and messages between them."""

    def seal(self, plain: bytes) -> str: ...

    def unseal(self, token: str) -> bytes | None: ...

    def spend(self, nonce: str, seconds: int) -> bool:
        """Use a nonce up; False when it was used before."""
        ...

    async def keep(self, name: str, value: dict[str, Any], seconds: int) -> None: ...

    async def recall(self, name: str) -> dict[str, Any] | None: ...

    async def forget(self, name: str) -> None: ...

    def listen(self, topics: list[str]) -> AsyncIterator[dict[str, Any]]:
        """Hear what is said on topics from now on; the first value is an empty one, once it hears."""
        ...

    def say(self, topic: str, value: dict[str, Any]) -> Awaitable[None]: ...
