"""What the official conformance suite asks of a server: its own tools, prompts and resources, on our engine."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.cache import cache

from mcp_bridge.door import Door, known_hosts
from mcp_bridge.engine.http import Engine
from mcp_bridge.engine.modern import TASKS_EXTENSION
from mcp_bridge.engine.serving import Exchange, InputRequired, NotThere, Principal, ToolResult
from mcp_bridge.memory import SharedMemory
from mcp_bridge.tests.conformance import late, rounds
from mcp_bridge.tests.conformance.late import TTL_MS, seen
from mcp_bridge.tests.conformance.tools import NAME, PNG, TOOLS, answered, elicit, embedded, image
from mcp_bridge.threads import in_thread

T = TypeVar("T")
_STATIC = "This is the content of the static text resource."
# Importing them registers their tools.
MODULES = (late, rounds)


@dataclass(frozen=True)
class Anybody:
    """The one caller of the suite, who shows no credentials."""

    key: str = "conformance"


class Suite:
    """The suite's server."""

    name, title, release, instructions = "rupai-conformance", "RupAI conformance", "1", "Fixtures of the suite."

    async def run(self, work: Callable[[], T]) -> T:
        return await in_thread(work)

    def features(self) -> Mapping[str, Any]:
        return {
            "tools": {"listChanged": True},
            "prompts": {"listChanged": True},
            "resources": {"subscribe": True},
            "completions": {},
            "extensions": {TASKS_EXTENSION: {}},
        }

    def tools(self, principal: Principal, exchange: Exchange) -> bytes:
        shown = [
            {"name": name, "description": f"Fixture {name}", "inputSchema": schema}
            for name, (schema, _) in TOOLS.items()
        ]
        return json.dumps(shown).encode()

    def headers_of(self, name: str) -> Mapping[str, str]:
        return {"value": "Value"} if name == "test_headers" else {}

    def call(self, principal: Principal, name: str, arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
        if name not in TOOLS:
            raise NotThere(name)
        return TOOLS[name][1](arguments, exchange)

    def resources(self, principal: Principal) -> list[dict[str, Any]]:
        return [
            {"uri": "test://static-text", "name": "text", "mimeType": "text/plain"},
            {"uri": "test://static-binary", "name": "binary", "mimeType": "image/png"},
            {"uri": "test://watched-resource", "name": "watched", "mimeType": "text/plain"},
        ]

    def templates(self, principal: Principal) -> list[dict[str, Any]]:
        return [{"uriTemplate": "test://template/{id}/data", "name": "template", "mimeType": "application/json"}]

    def read(self, principal: Principal, uri: str, exchange: Exchange) -> list[dict[str, Any]]:
        start, end = "test://template/", "/data"
        if uri.startswith(start) and uri.endswith(end):
            found = {"id": uri[len(start) : -len(end)], "templateTest": True, "data": f"Data for {uri}"}
            return [{"uri": uri, "mimeType": "application/json", "text": json.dumps(found)}]
        known: dict[str, dict[str, Any]] = {
            "test://static-text": {
                "mimeType": "text/plain",
                "text": "This is the content of the static text resource.",
            },
            "test://static-binary": {"mimeType": "image/png", "blob": PNG},
            "test://watched-resource": {"mimeType": "text/plain", "text": "Watched."},
        }
        if uri not in known:
            raise NotThere(uri)
        return [{"uri": uri, **known[uri]}]

    def prompts(self, principal: Principal) -> list[dict[str, Any]]:
        two = [{"name": name, "required": True} for name in ("arg1", "arg2")]
        return [
            {"name": "test_simple_prompt", "description": "Simple"},
            {"name": "test_prompt_with_arguments", "description": "With arguments", "arguments": two},
            {
                "name": "test_prompt_with_embedded_resource",
                "description": "With a resource",
                "arguments": [{"name": "resourceUri", "required": True}],
            },
            {"name": "test_prompt_with_image", "description": "With an image"},
            {"name": "test_input_required_result_prompt", "description": "Asks first"},
        ]

    def prompt(self, principal: Principal, name: str, arguments: dict[str, Any], exchange: Exchange) -> dict[str, Any]:
        if name == "test_input_required_result_prompt" and not answered(exchange, "user_context"):
            raise InputRequired({"user_context": elicit("What context?", NAME)})
        words = {
            "test_simple_prompt": "This is a simple prompt for testing.",
            "test_prompt_with_arguments": "Prompt with arguments: "
            f"arg1='{arguments.get('arg1')}', arg2='{arguments.get('arg2')}'",
            "test_prompt_with_embedded_resource": "Please process the embedded resource above.",
            "test_prompt_with_image": "Please analyze the image above.",
            "test_input_required_result_prompt": "With the context given.",
        }
        if name not in words:
            raise NotThere(name)
        before = {
            "test_prompt_with_embedded_resource": embedded(
                str(arguments.get("resourceUri")), "text/plain", "Embedded resource content for testing."
            ),
            "test_prompt_with_image": image(),
        }
        contents = [each for each in (before.get(name), {"type": "text", "text": words[name]}) if each]
        return {"messages": [{"role": "user", "content": each} for each in contents]}

    def complete(self, principal: Principal, reference: Mapping[str, Any], name: str, value: str) -> list[str]:
        return [word for word in ("paris", "park", "party") if word.startswith(value)]

    def task(self, principal: Principal, task_id: str) -> dict[str, Any]:
        kept = cache.get(f"mcp:test:{task_id}")
        if kept is None:
            raise NotThere(task_id)
        return seen(kept)

    def answer_task(self, principal: Principal, task_id: str, responses: Mapping[str, Any]) -> None:
        kept = cache.get(f"mcp:test:{task_id}")
        if kept is None:
            raise NotThere(task_id)
        kept["answers"] |= {name: each for name, each in responses.items() if name in kept.get("asks", {})}
        cache.set(f"mcp:test:{task_id}", kept, TTL_MS // 1000)

    def cancel_task(self, principal: Principal, task_id: str) -> None:
        kept = cache.get(f"mcp:test:{task_id}")
        if kept is None:
            raise NotThere(task_id)
        if seen(kept)["status"] in {"working", "input_required"}:
            kept["cancelled"] = True
            cache.set(f"mcp:test:{task_id}", kept, TTL_MS // 1000)


def conformance_door() -> Door:
    """The door of the suite: anybody may come in."""
    engine = Engine(Suite(), SharedMemory(), hosts=known_hosts())
    return Door(engine, recognise=lambda _headers, _address: Anybody())
