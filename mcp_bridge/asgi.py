"""The MCP server before everything else under ASGI: its requests need none of Django's middlewares."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from mcp_bridge.door import McpApp, door
from mcp_bridge.principals import PATH

App = Callable[[Any, Any, Any], Any]


def with_mcp(application: App) -> App:
    """Answer ``/mcp`` here and pass everything else on."""
    apps: dict[str, App] = {PATH: McpApp(door())}
    for path, maker in settings.MCP_FURTHER_DOORS.items():
        apps[path] = McpApp(import_string(maker)())

    async def branch(scope: Any, receive: Any, send: Any) -> None:
        await apps.get(scope["path"], application)(scope, receive, send)

    return branch
