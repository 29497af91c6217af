"""Requests to ``/mcp`` without a server: the ASGI application and the Django view, asked from the same words."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client

from mcp_bridge.door import McpApp, door

MODERN = "2026-07-28"
_PREFIX = "io.modelcontextprotocol/"


@dataclass(frozen=True)
class Asked:
    """A request: verb, headers in order, body, and what stands behind the question mark."""

    verb: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    query: str = ""


@dataclass(frozen=True)
class Told:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def modern(key: str, method: str, params: Mapping[str, Any] | None = None, *, name: str = "") -> Asked:
    """A request of the newest revision, with its headers as they have to be."""
    meta = {f"{_PREFIX}protocolVersion": MODERN, f"{_PREFIX}clientCapabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {"_meta": meta, **(params or {})}}
    headers = [("Authorization", f"Bearer {key}"), ("MCP-Protocol-Version", MODERN), ("Mcp-Method", method)]
    return posted(json.dumps(body).encode(), headers + ([("Mcp-Name", name)] if name else []))


def tool_call(key: str, name: str, arguments: Mapping[str, Any]) -> Asked:
    """A call of a tool in the newest revision."""
    return modern(key, "tools/call", {"name": name, "arguments": arguments}, name=name)


def posted(body: bytes, headers: list[tuple[str, str]]) -> Asked:
    """A POST as clients send it."""
    usual = [
        ("Host", "testserver"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
    ]
    return Asked("POST", tuple(usual + headers), body)


def by_view(asked: Asked) -> Told:
    """Ask the view, as WSGI does."""
    given: dict[str, str] = {}
    for name, value in asked.headers:
        variable = name.upper().replace("-", "_")
        given[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    content_type = given.pop("CONTENT_TYPE", "")
    path = f"/mcp?{asked.query}" if asked.query else "/mcp"
    answer = Client().generic(asked.verb, path, asked.body, content_type=content_type, **given)  # type: ignore[arg-type]
    return Told(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)


def by_asgi(asked: Asked) -> Told:
    """Ask the ASGI application."""
    return asyncio.run(told(McpApp(door()), asked))


async def told(app: McpApp, asked: Asked) -> Told:
    """Ask an application that is there already; the first piece of a stream stands for the stream."""
    scope = {
        "type": "http",
        "method": asked.verb,
        "path": "/mcp",
        "query_string": asked.query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in asked.headers],
        "client": ("127.0.0.1", 40_000),
    }
    sent: list[Mapping[str, Any]] = []
    first = asyncio.Event()
    waiting = [{"type": "http.request", "body": asked.body}]

    async def receive() -> Mapping[str, Any]:
        if waiting:
            return waiting.pop()
        await first.wait()
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            first.set()

    await app(scope, receive, send)
    headers = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Told(sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:]))
