"""The tools, and who may see which: a tool is a function with its name, scope, tier and serializers."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, TypedDict, Unpack

import jsonschema_rs
from rest_framework import serializers

from mcp_bridge import schema
from mcp_bridge.engine import headers
from mcp_bridge.engine.serving import Narrowing
from rupai.core.actor import Actor
from rupai.core.idempotency import Claim

KEY, DRY_RUN = "idempotency_key", "dry_run"
_KEY_SCHEMA = {
    "type": "string",
    "description": "Unique per intended operation; repeat it unchanged when retrying",
    "minLength": 8,
    "maxLength": 255,
    "pattern": "^[0-9A-Za-z._:-]+$",
}
_DRY_RUN_SCHEMA = {
    "type": "boolean",
    "description": "Validate, price, risk-score and check the mandate without moving money",
    "default": False,
}


class Tier(StrEnum):
    """What a tool can do to the world, from nothing to moving money."""

    READ = "read"
    WRITE = "write"
    REPORT = "report"
    MONEY = "money"


def _silent(done: float, total: float | None = None, message: str = "") -> None:
    """Nobody wants to know how far the work is."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a tool: who calls, under which key, and whether only to see what would happen."""

    actor: Actor
    claim: Claim | None = None
    dry_run: bool = False
    progress: Callable[..., None] = _silent


Run = Callable[[Call, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Tool:
    """A tool with everything that lists, checks and calls it."""

    name: str
    title: str
    description: str
    tier: Tier
    scope: str
    toolset: str
    input: type[serializers.Serializer[Any]]
    output: type[serializers.Serializer[Any]]
    run: Run = field(repr=False)
    read_only: bool
    destructive: bool
    open_world: bool
    idempotent: bool
    keyed: bool

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the arguments."""
        found = schema.of_input(self.input)
        properties, required = found["properties"], found.get("required", [])
        if self.tier is Tier.MONEY:
            properties[DRY_RUN] = _DRY_RUN_SCHEMA
        if self.keyed:
            properties[KEY] = _KEY_SCHEMA
            required = [*required, KEY]
        return found | ({"required": required} if required else {})

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        return schema.of_output(self.output)

    @cached_property
    def validator(self) -> Any:
        return jsonschema_rs.validator_for(self.input_schema)

    @cached_property
    def repeated(self) -> dict[str, str]:
        """The arguments that clients repeat in headers."""
        return headers.annotations(self.input_schema)

    def listed(self, *, outputs: bool = True) -> dict[str, Any]:
        """The tool as ``tools/list`` shows it."""
        shown: dict[str, Any] = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "annotations": {
                "readOnlyHint": self.read_only,
                "destructiveHint": self.destructive,
                "idempotentHint": self.idempotent,
                "openWorldHint": self.open_world,
            },
            "_meta": {"in.rupai/tier": str(self.tier), "in.rupai/scope": self.scope, "in.rupai/toolset": self.toolset},
        }
        return shown | ({"outputSchema": self.output_schema} if outputs else {})


class Toolbox:
    """Tools by name, in the order of their toolsets and names, which never changes between two lists."""

    def __init__(self) -> None:
        self._tools: dict[str, Tool] = {}

    def add(self, tool: Tool) -> None:
        """Add a tool, or replace the one that has its name."""
        self._tools[tool.name] = tool
        listed.cache_clear()

    def get(self, name: str) -> Tool | None:
        return self._tools.get(name)

    def all(self) -> list[Tool]:
        return sorted(self._tools.values(), key=lambda tool: (tool.toolset, tool.name))

    def visible(self, scopes: Iterable[str], *, read_only: bool, toolsets: Iterable[str]) -> list[Tool]:
        """The tools that somebody with these scopes may call; no toolsets are all of them."""
        granted, wanted = frozenset(scopes), frozenset(toolsets)
        return [
            tool
            for tool in self.all()
            if (tool.scope in granted or "*" in granted)
            and (not read_only or tool.read_only)
            and (not wanted or tool.toolset in wanted)
        ]


toolbox = Toolbox()


@lru_cache(maxsize=256)
def listed(scopes: frozenset[str], read_only: bool, toolsets: frozenset[str]) -> bytes:
    """The JSON array of tools for a set of scopes; made once, because many agents have the same ones."""
    tools = toolbox.visible(scopes, read_only=read_only, toolsets=toolsets)
    return json.dumps([tool.listed() for tool in tools], separators=(",", ":")).encode()


def narrowed(own: Iterable[str], asked: Narrowing) -> frozenset[str]:
    """The toolsets of an agent as far as an address asks for them; empty means all."""
    mine, wanted = frozenset(own), frozenset(asked.toolsets)
    return (mine & wanted or frozenset({"none"})) if mine and wanted else mine | wanted


class Hints(TypedDict, total=False):
    """What a client is told about a tool, where it does not follow from the tier; and whether it needs a key."""

    read_only: bool
    destructive: bool
    open_world: bool
    idempotent: bool
    keyed: bool


def tool(
    name: str,
    *,
    title: str,
    description: str,
    tier: Tier,
    scope: str,
    toolset: str,
    input: type[serializers.Serializer[Any]],
    output: type[serializers.Serializer[Any]],
    **hints: Unpack[Hints],
) -> Callable[[Run], Run]:
    """Register a function as a tool.

    It gets the call and the validated values of ``input`` and returns plain JSON that satisfies ``output``. Money and
    report tools need an idempotency key; others may be ``keyed``.
    """
    usual: Hints = {
        "read_only": tier is Tier.READ,
        "destructive": False,
        "open_world": False,
        "idempotent": True,
        "keyed": tier in {Tier.MONEY, Tier.REPORT},
    }

    def register(run: Run) -> Run:
        about = {"name": name, "title": title, "description": description, "tier": tier, "scope": scope}
        serialized = {"toolset": toolset, "input": input, "output": output, "run": run}
        toolbox.add(Tool(**about, **serialized, **{**usual, **hints}))  # type: ignore[arg-type]
        return run

    return register
