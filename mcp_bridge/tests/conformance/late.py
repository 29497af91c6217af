"""The suite's tools whose results come later: the tasks extension, with tasks that live in the cache."""

import json
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache

from mcp_bridge.engine.methods import of_tool
from mcp_bridge.engine.modern import TASKS_EXTENSION, needs, takes_tasks
from mcp_bridge.engine.serving import Exchange, InputRequired, TaskStarted, ToolResult
from mcp_bridge.tests.conformance.tools import NAME, OK, TOOLS, Run, answered, content_of, elicit, fixture, text
from rupai.core import clock, ids

_POLL_MS, TTL_MS = 200, 300_000


def _greet(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return text(f"Hello, {arguments.get('name')}!")


def _task(tool: str, arguments: dict[str, Any], *, ends: float, **more: Any) -> dict[str, Any]:
    now = clock.now().isoformat()
    task = {
        "taskId": ids.public_id("task", ids.new_key()),
        "status": "working",
        "createdAt": now,
        "lastUpdatedAt": now,
        "ttlMs": TTL_MS,
        "pollIntervalMs": _POLL_MS,
    }
    kept = {"task": task, "tool": tool, "arguments": arguments, "ends": time.time() + ends, "answers": {}, **more}
    cache.set(f"mcp:test:{task['taskId']}", kept, TTL_MS // 1000)
    return task


def _late(tool: str, run: Run, *, ends: Callable[[dict[str, Any]], float], must: bool, asks: Any = None) -> Run:
    """A tool that starts a task for clients that know tasks."""

    def start(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
        if not takes_tasks(exchange):
            if must:
                raise needs({"extensions": {TASKS_EXTENSION: {}}})
            time.sleep(min(ends(arguments), 2))
            return run(arguments, exchange)
        raise TaskStarted(_task(tool, arguments, ends=ends(arguments), asks=asks or {}))

    return start


def _slow(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return text(f"Computed for {arguments.get('seconds')} s.")


def _fails(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return ToolResult([{"type": "text", "text": "The job failed"}], is_error=True)


def _answers(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    return text(f"Answered: {json.dumps(arguments)}")


_SECONDS = {"type": "object", "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}}}
_ANY = {"type": "object", "properties": {}}
LATE: dict[str, Run] = {
    "slow_compute": _slow,
    "failing_job": _fails,
    "protocol_error_job": _fails,
    "confirm_delete": _answers,
    "multi_input": _answers,
    "test_tool_with_task": _answers,
}
_CONFIRM = {"confirm": elicit("Really delete?", OK)}
_TWO = {"first": elicit("First?", NAME), "second": elicit("Second?", NAME)}
TOOLS["greet"] = ({"type": "object", "properties": {"name": {"type": "string"}}}, _greet)
TOOLS["slow_compute"] = (
    _SECONDS,
    _late("slow_compute", _slow, ends=lambda given: float(given.get("seconds", 1)), must=False),
)
TOOLS["failing_job"] = (_ANY, _late("failing_job", _fails, ends=lambda _: 0.2, must=True))
TOOLS["protocol_error_job"] = (_ANY, _late("protocol_error_job", _fails, ends=lambda _: 0.2, must=True))
TOOLS["confirm_delete"] = (
    {"type": "object", "properties": {"filename": {"type": "string"}}},
    _late("confirm_delete", _answers, ends=lambda _: 0, must=True, asks=_CONFIRM),
)
TOOLS["multi_input"] = (_ANY, _late("multi_input", _answers, ends=lambda _: 0, must=True, asks=_TWO))


@fixture()
def test_tool_with_task(arguments: dict[str, Any], exchange: Exchange) -> ToolResult:
    if not takes_tasks(exchange):
        raise needs({"extensions": {TASKS_EXTENSION: {}}})
    if not answered(exchange, "user_name"):
        raise InputRequired({"user_name": elicit("What is your name?", NAME)})
    raise TaskStarted(_task("test_tool_with_task", dict(content_of(exchange, "user_name")), ends=0.2, asks={}))


def seen(kept: dict[str, Any]) -> dict[str, Any]:
    """A task as it stands now."""
    task = {**kept["task"], "lastUpdatedAt": clock.now().isoformat()}
    open_questions = {name: each for name, each in kept.get("asks", {}).items() if name not in kept["answers"]}
    if kept.get("cancelled"):
        return {**task, "status": "cancelled"}
    if open_questions:
        return {**task, "status": "input_required", "inputRequests": open_questions}
    if time.time() < kept["ends"]:
        return task
    if kept["tool"] == "protocol_error_job":
        return {**task, "status": "failed", "error": {"code": -32603, "message": "The job broke the protocol"}}
    arguments = {**kept["arguments"], **kept["answers"]}
    return {**task, "status": "completed", "result": of_tool(LATE[kept["tool"]](arguments, Exchange("2026-07-28")))}
