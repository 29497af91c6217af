"""``/ws/live/``: figures that change while somebody looks at them.

The page asks for one view (``?topic=overview&range=7d``). Each message is ``{"text": html, "at": time}`` or
``{"at": time}``; the client answers each with one word, and gets the next only then, so that a slow one queues nothing.
"""

import asyncio
import json
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.cookie import parse_cookie
from django.utils import timezone
from django_otp.middleware import OTPMiddleware
from redis import RedisError
from redis.asyncio import Redis

from monitoring.services import live
from monitoring.services.fanout import Fanout, Seat
from rupai.accounts import selectors
from rupai.accounts.selectors import Standing
from rupai.pages.live import view_of
from rupai.pages.preferences import use_zone_of

log = structlog.get_logger(__name__)
CHECK_SECONDS = 30.0
RETRY_SECONDS = 1.0
MOST_SEATS = 5000
MOST_SEATS_OF_SESSION = 20


class Hub:
    """What this process knows: its sockets, one subscription for all of them, and perhaps the ticker."""

    def __init__(self) -> None:
        self.fanout = Fanout()
        self.ended = False
        self.ticker = live.Ticker(lambda: self.fanout.views(), lambda: self.fanout.hungry())
        self.tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._check())]
        self.ticker.start()

    async def end(self) -> None:
        """Stop listening and ticking."""
        # A cancellation that arrives during a database call is swallowed by it, so the loops look here, too.
        self.ended = True
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await asyncio.to_thread(self.ticker.stop)
        _hubs.pop(asyncio.get_running_loop(), None)

    async def _listen(self) -> None:
        while True:
            try:
                async with (
                    Redis.from_url(settings.REDIS_URL, decode_responses=True) as redis,
                    redis.pubsub() as channel,
                ):
                    await channel.subscribe(live.CHANNEL)
                    # What was published while nobody listened here is asked for again.
                    self.fanout.latest.clear()
                    async for message in channel.listen():
                        if message["type"] == "message":
                            await self._hear(json.loads(message["data"]))
            except (RedisError, OSError):
                log.warning("live_channel_lost")
                await asyncio.sleep(RETRY_SECONDS)
            except Exception:
                # Whatever one message did, the next ones are heard: without this loop no page is live any more.
                log.exception("live_message_failed")
                await asyncio.sleep(RETRY_SECONDS)

    async def _hear(self, told: dict[str, Any]) -> None:
        if "gone" in told:
            await self.fanout.close_session(told["gone"])
        elif "beat" in told:
            await self.fanout.beat(json.dumps({"at": told["beat"]}))
        else:
            await self.fanout.publish(told["view"], json.dumps({"text": told["text"], "at": told["at"]}))

    async def _check(self) -> None:
        """Close the sockets of people who are signed out, switched off or moved to another place since."""
        while not self.ended:
            await asyncio.sleep(CHECK_SECONDS)
            await self.fanout.close_silent()
            for seat in self.fanout.everybody():
                try:
                    if await database_sync_to_async(seat.admit)() != seat.view:
                        await self.fanout.close(seat, 4401)
                except DatabaseError:
                    # Nobody is sent away because the database is: the next round asks again.
                    log.warning("live_check_failed")


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop, started by the first socket."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        _hubs[loop] = Hub()
    return _hubs[loop]


class Live(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One socket. Strangers, people without the scope and unknown views are refused at the handshake."""

    seat: Seat | None = None

    async def connect(self) -> None:
        headers = {name.lower(): value.decode("latin-1") for name, value in self.scope["headers"]}
        cookies = parse_cookie(headers.get(b"cookie", ""))
        parameters = dict(parse_qsl(self.scope["query_string"].decode("latin-1")))
        admit = partial(admitted, cookies, parameters)
        view = await database_sync_to_async(admit)()
        session = live.session_digest(cookies.get(settings.SESSION_COOKIE_NAME, ""))
        fanout = hub().fanout
        if view is None or len(fanout) >= MOST_SEATS:
            await self.close(code=4403)
            return
        if len(fanout.of_session(session)) >= MOST_SEATS_OF_SESSION:
            await self.close(code=4429)
            return
        await self.accept()
        self.seat = Seat(view, session, admit, self._give, self._end)
        await fanout.join(self.seat)
        if view not in fanout.latest:
            hub().ticker.wake()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Any word of the client says that it has shown the last text."""
        if self.seat is not None:
            await hub().fanout.taken(self.seat)

    async def disconnect(self, code: int) -> None:
        if self.seat is not None:
            hub().fanout.leave(self.seat)

    async def _give(self, text: str) -> None:
        await self.send(text_data=text)

    async def _end(self, code: int) -> None:
        if self.seat is not None:
            hub().fanout.leave(self.seat)
        await self.close(code=code)


def admitted(cookies: dict[str, str], parameters: dict[str, str]) -> str | None:
    """The key of what the owner of a session may look at; None for strangers, and when they may not look at it."""
    request = HttpRequest()
    request.COOKIES = cookies
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookies.get(settings.SESSION_COOKIE_NAME))
    # The same steps as in the middlewares: who it is, which second factor the session has shown, which time zone.
    request.user = get_user(request)
    OTPMiddleware(lambda _: HttpResponse())(request)
    if selectors.standing(request.user) is not Standing.INSIDE:
        return None
    with timezone.override(None):
        use_zone_of(request)
        view = view_of(request, parameters, zone=timezone.get_current_timezone_name())
    return view.key() if view is not None else None
