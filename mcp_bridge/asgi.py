"""The MCP server before everything else under ASGI: its requests need none of Django's middlewares."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from mcp_bridge.door import McpApp, door
from mcp_bridge.principals import PATH

App = Callable[[Any, Any, Any], Any]


def with_mcp(application: App) -> App:
    """Answer ``/mcp`` here and pass everything else on."""
    apps: dict[str, App] = {PATH: McpApp(door())}
    if settings.TESTING:
        # What the official conformance suite talks to: the same engine with the suite's own tools, and no caller asked.
        from mcp_bridge.tests.conformance.suite import conformance_door

        apps[f"{PATH}/conformance"] = McpApp(conformance_door())

    async def branch(scope: Any, receive: Any, send: Any) -> None:
        await apps.get(scope["path"], application)(scope, receive, send)

    return branch
