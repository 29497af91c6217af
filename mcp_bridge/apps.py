"""The door of agents."""

from django.apps import AppConfig


class McpBridgeConfig(AppConfig):
    name = "mcp_bridge"
    label = "mcp_bridge"
    verbose_name = "MCP"

    def ready(self) -> None:
        """Register the tools."""
        from mcp_bridge.tools import agents, analytics, payments, wallets  # noqa: F401
        from rupai.core.schedules import schedule

        schedule("mcp.forget_nonces", "mcp_bridge.forget_nonces", every=3600, queue="monitoring")
