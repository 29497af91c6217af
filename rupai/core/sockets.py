"""The answer to a WebSocket on a path that nobody serves."""

from channels.generic.websocket import AsyncWebsocketConsumer


class Refuse(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Close the handshake with 403."""

    async def connect(self) -> None:
        await self.close(code=4404)
