"""The suite's tools that answer at once, or ask on the way as the handshake revisions do."""

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any

from mcp_bridge.engine.modern import EVERYBODY, needs
from mcp_bridge.engine.serving import Exchange, ToolResult
from mcp_bridge.memory import SharedMemory

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
_SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + b"\x01\x00\x01\x00\x40\x1f\x00\x00" * 2
WAV = base64.b64encode(_SOUND).decode()
NAME = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
OK = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
_PAUSE = 0.05


def text(words: str) -> ToolResult:
    return ToolResult([{"type": "text", "text": words}])


def elicit(message: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def sample(words: str, most: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": {"type": "text", "text": words}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": most}}


ROOTS = {"method": "roots/list", "params": {}}


def answered(exchange: Exchange, *names: str) -> bool:
    """Whether all answers came; one that is no answer to an elicitation does not count."""
    given = exchange.input_responses or {}
    return all(given.get(name) for name in names)


def content_of(exchange: Exchange, name: str) -> dict[str, Any]:
    found = (exchange.input_responses or {}).get(name, {}).get("content")
    return found if isinstance(found, dict) else {}


def image() -> dict[str, Any]:
    return {"type": "image", "data": PNG, "mimeType": "image/png"}


def embedded(uri: str, media_type: str, words: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": uri, "mimeType": media_type, "text": words}}


Run = Callable[[dict[str, Any], Exchange], ToolResult]
TOOLS: dict[str, tuple[dict[str, Any], Run]] = {}


def fixture(properties: dict[str, Any] | None = None, **more: Any) -> Callable[[Run], Run]:
    """Register a tool of the suite under its function's name."""

    def register(run: Run) -> Run:
        schema = {"type": "object", "properties": properties or {}, **more}
        TOOLS[run.__name__] = (schema, run)
        return run

    return register


@fixture()
def test_simple_text(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return text("This is a simple text response for testing.")


@fixture()
def test_image_content(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return ToolResult([image()])


@fixture()
def test_audio_content(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return ToolResult([{"type": "audio", "data": WAV, "mimeType": "audio/wav"}])


@fixture()
def test_embedded_resource(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return ToolResult([embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")])


@fixture()
def test_multiple_content_types(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    words = {"type": "text", "text": "Multiple content types test:"}
    data = json.dumps({"test": "data", "value": 123})
    return ToolResult([words, image(), embedded("test://mixed-content-resource", "application/json", data)])


@fixture()
def test_error_handling(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    words = "This tool intentionally returns an error for testing"
    return ToolResult([{"type": "text", "text": words}], is_error=True)


@fixture()
def test_tool_with_logging(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        exchange.log("info", words)
        time.sleep(_PAUSE)
    return text("Logged three times.")


@fixture()
def test_logging_tool(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return test_tool_with_logging(arguments, exchange)


@fixture()
def test_tool_with_progress(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    for done in (0, 50, 100):
        exchange.progress(done, 100)
        time.sleep(_PAUSE)
    return text("Done in three steps.")


@fixture({"prompt": {"type": "string"}}, required=["prompt"])
def test_sampling(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    asked = sample(str(arguments["prompt"]), 100)
    found = exchange.ask(asked["method"], asked["params"])
    return text(f"LLM response: {found.get('content', {}).get('text', '')}")


@fixture({"message": {"type": "string"}}, required=["message"])
def test_elicitation(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    user = {"type": "string", "description": "User's response"}
    email = {"type": "string", "description": "User's email address"}
    schema = {"type": "object", "properties": {"username": user, "email": email}, "required": ["username", "email"]}
    asked = elicit(str(arguments["message"]), schema)
    found = exchange.ask(asked["method"], asked["params"])
    return text(f"User response: action={found.get('action')}, content={json.dumps(found.get('content', {}))}")


def _elicited(exchange: Exchange, properties: dict[str, Any]) -> ToolResult:
    asked = elicit("Please fill in", {"type": "object", "properties": properties, "required": []})
    found = exchange.ask(asked["method"], asked["params"])
    return text(f"Elicitation completed: action={found.get('action')}, content={json.dumps(found.get('content', {}))}")


@fixture()
def test_elicitation_sep1034_defaults(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return _elicited(
        exchange,
        {
            "name": {"type": "string", "default": "John Doe"},
            "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
            "verified": {"type": "boolean", "default": True},
        },
    )


def _titled(*words: str) -> list[dict[str, str]]:
    return [{"const": f"value{place}", "title": word} for place, word in enumerate(words, 1)]


@fixture()
def test_elicitation_sep1330_enums(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    options = ["option1", "option2", "option3"]
    old = {"enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]}
    return _elicited(
        exchange,
        {
            "untitledSingle": {"type": "string", "enum": options},
            "titledSingle": {"type": "string", "oneOf": _titled("First Option", "Second Option", "Third Option")},
            "legacyEnum": {"type": "string", **old},
            "untitledMulti": {"type": "array", "items": {"type": "string", "enum": options}},
            "titledMulti": {
                "type": "array",
                "items": {"anyOf": _titled("First Choice", "Second Choice", "Third Choice")},
            },
        },
    )


@fixture()
def test_missing_capability(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not exchange.supports("sampling"):
        raise needs({"sampling": {}})
    return text("The client can sample.")


def _changed(kind: str) -> ToolResult:
    asyncio.run(SharedMemory().say(EVERYBODY, {"kind": kind}))
    return text(f"The list of {kind} was changed.")


@fixture()
def test_trigger_tool_change(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return _changed("tools")


@fixture()
def test_trigger_prompt_change(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return _changed("prompts")


@fixture({"value": {"type": "string", "x-mcp-header": "Value"}}, required=["value"])
def test_headers(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return text(str(arguments["value"]))


TOOLS["json_schema_2020_12_tool"] = (
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
    lambda arguments, _exchange: text(json.dumps(arguments)),
)
