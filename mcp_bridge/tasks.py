"""Scheduled care of the MCP server."""

from celery import shared_task

from mcp_bridge.models import SpentNonce
from rupai.core import clock
from rupai.core.queue import Task


@shared_task(name="mcp_bridge.forget_nonces", base=Task)
def forget_nonces() -> int:
    """Delete the nonces whose states are too old to come back anyway."""
    return SpentNonce.objects.filter(expires_at__lte=clock.now()).delete()[0]
