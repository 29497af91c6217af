"""What the processes of the MCP server share: sealed states, sessions in the cache, messages by the channel layer."""

import asyncio
import base64
import binascii
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import IntegrityError, transaction

from mcp_bridge.models import SpentNonce
from rupai.core import clock, crypto

_CONTEXT = "mcp.request_state"
_PREFIX = "mcp:"
PING_SECONDS = 15.0


class SharedMemory:
    """The engine's ``Memory`` on our own key ring, database, cache and channel layer."""

    def seal(self, plain: bytes) -> str:
        return base64.urlsafe_b64encode(crypto.seal(plain, context=_CONTEXT)).decode()

    def unseal(self, token: str) -> bytes | None:
        try:
            sealed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
            return crypto.unseal(sealed, context=_CONTEXT)
        except (ValueError, binascii.Error, crypto.CannotOpen):
            return None

    def spend(self, nonce: str, seconds: int) -> bool:
        try:
            with transaction.atomic():
                SpentNonce.objects.create(nonce=nonce, expires_at=clock.now() + timedelta(seconds=seconds))
        except IntegrityError:
            return False
        return True

    async def keep(self, name: str, value: dict[str, Any], seconds: int) -> None:
        await asyncio.to_thread(cache.set, _PREFIX + name, json.dumps(value), seconds)

    async def recall(self, name: str) -> dict[str, Any] | None:
        text = await asyncio.to_thread(cache.get, _PREFIX + name)
        found: dict[str, Any] | None = json.loads(text) if text else None
        return found

    async def forget(self, name: str) -> None:
        await asyncio.to_thread(cache.delete, _PREFIX + name)

    async def listen(self, topics: list[str]) -> AsyncIterator[dict[str, Any]]:
        layer = get_channel_layer()
        channel = await layer.new_channel("mcp")
        groups = [_group(topic) for topic in topics]
        for group in groups:
            await layer.group_add(group, channel)
        try:
            yield {}
            while True:
                try:
                    async with asyncio.timeout(PING_SECONDS):
                        message = await layer.receive(channel)
                except TimeoutError:
                    yield {"kind": "ping"}
                else:
                    yield message["said"]
        finally:
            for group in groups:
                await layer.group_discard(group, channel)

    async def say(self, topic: str, value: dict[str, Any]) -> None:
        await get_channel_layer().group_send(_group(topic), {"type": "mcp", "said": value})


def _group(topic: str) -> str:
    return f"mcp.{topic.replace(':', '.')}"[:99]
