"""What a request of any revision asks for, and the JSON of its result without what differs between the revisions."""

from collections.abc import Callable, Mapping
from typing import Any

from mcp_bridge.engine.serving import Exchange, NotThere, Principal, Serving, ToolResult
from mcp_bridge.engine.wire import INVALID_PARAMS, METHOD_NOT_FOUND, RESOURCE_NOT_FOUND, SUPPORTED, RpcError

Params = Mapping[str, Any]
Method = Callable[[Serving, Principal, Params, Exchange], dict[str, Any] | bytes]
MOST_COMPLETIONS = 100


def text_of(params: Params, name: str) -> str:
    """A parameter that must be a string.

    :raises RpcError: when it is not.
    """
    value = params.get(name)
    if not isinstance(value, str):
        raise RpcError(INVALID_PARAMS, f"{name} must be a string")
    return value


def object_of(params: Params, name: str) -> dict[str, Any]:
    """A parameter that is an object or left out.

    :raises RpcError: when it is something else.
    """
    value = params.get(name, {})
    if not isinstance(value, dict):
        raise RpcError(INVALID_PARAMS, f"{name} must be an object")
    return value


def discover(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    found: dict[str, Any] = {"supportedVersions": list(SUPPORTED), "capabilities": dict(serving.features())}
    return found | {"instructions": serving.instructions}


def tools_list(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> bytes:
    _one_page(params)
    return b'{"tools":' + serving.tools(principal, exchange)


def tools_call(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    name = text_of(params, "name")
    try:
        return of_tool(serving.call(principal, name, object_of(params, "arguments"), exchange))
    except NotThere:
        raise RpcError(INVALID_PARAMS, f"Unknown tool: {name[:64]}") from None


def of_tool(found: ToolResult) -> dict[str, Any]:
    """A tool's result as the wire has it."""
    shown: dict[str, Any] = {"content": found.content}
    if found.structured is not None:
        shown["structuredContent"] = found.structured
    return shown | ({"isError": True} if found.is_error else {})


def resources_list(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    _one_page(params)
    return {"resources": serving.resources(principal)}


def templates_list(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    _one_page(params)
    return {"resourceTemplates": serving.templates(principal)}


def resources_read(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    uri = text_of(params, "uri")
    try:
        return {"contents": serving.read(principal, uri, exchange)}
    except NotThere:
        code = INVALID_PARAMS if exchange.modern else RESOURCE_NOT_FOUND
        raise RpcError(code, "Resource not found", data={"uri": uri}) from None


def prompts_list(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    _one_page(params)
    return {"prompts": serving.prompts(principal)}


def prompts_get(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    name = text_of(params, "name")
    try:
        return serving.prompt(principal, name, object_of(params, "arguments"), exchange)
    except NotThere:
        raise RpcError(INVALID_PARAMS, f"Unknown prompt: {name[:64]}") from None


def complete(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    argument = object_of(params, "argument")
    name, value = text_of(argument, "name"), text_of(argument, "value")
    found = serving.complete(principal, object_of(params, "ref"), name, value)
    shown = {"values": found[:MOST_COMPLETIONS], "total": len(found), "hasMore": len(found) > MOST_COMPLETIONS}
    return {"completion": shown}


def tasks_get(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    return _of_task(params, lambda task_id: serving.task(principal, task_id))


def tasks_update(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    responses = object_of(params, "inputResponses")

    def work(task_id: str) -> dict[str, Any]:
        serving.answer_task(principal, task_id, responses)
        return {}

    return _of_task(params, work)


def tasks_cancel(serving: Serving, principal: Principal, params: Params, exchange: Exchange) -> dict[str, Any]:
    def work(task_id: str) -> dict[str, Any]:
        serving.cancel_task(principal, task_id)
        return {}

    return _of_task(params, work)


def _of_task(params: Params, work: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    task_id = text_of(params, "taskId")
    try:
        return work(task_id)
    except NotThere:
        raise RpcError(INVALID_PARAMS, "Task not found", data={"taskId": task_id[:80]}) from None


def _one_page(params: Params) -> None:
    """Everything fits one page, so no cursor was ever given out."""
    if params.get("cursor") is not None:
        raise RpcError(INVALID_PARAMS, "This list has one page; there is no such cursor")


METHODS: dict[str, Method] = {
    "tools/list": tools_list,
    "tools/call": tools_call,
    "resources/list": resources_list,
    "resources/templates/list": templates_list,
    "resources/read": resources_read,
    "prompts/list": prompts_list,
    "prompts/get": prompts_get,
    "completion/complete": complete,
}
TASKS: dict[str, Method] = {"tasks/get": tasks_get, "tasks/update": tasks_update, "tasks/cancel": tasks_cancel}


def unknown(method: str) -> RpcError:
    """The error of a method that is not served."""
    return RpcError(METHOD_NOT_FOUND, f"Method not found: {method[:64]}")
