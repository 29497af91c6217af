"""The sockets of one process, by what they look at: each keeps at most one text waiting, and the newest wins."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)
# A client that has not said for so long that it took the last text is gone, or as good as gone.
SILENT_SECONDS = 30.0
Send = Callable[[str], Awaitable[None]]
Close = Callable[[int], Awaitable[None]]
# Asks again what the one who opened the socket may look at: the view's key, or None.
Admit = Callable[[], str | None]


@dataclass(eq=False, slots=True)
class Seat:
    """One socket; ``session`` is the digest of the session that opened it."""

    view: str
    session: str
    admit: Admit
    send: Send
    close: Close
    busy_since: float | None = None
    waiting: str | None = None


@dataclass(slots=True)
class Fanout:
    """Gives each text to those who look at its view. A slow socket misses texts; nothing is ever queued for it."""

    seats: dict[str, set[Seat]] = field(default_factory=lambda: defaultdict(set))
    latest: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(seats) for seats in self.seats.values())

    def views(self) -> list[str]:
        return list(self.seats)

    def hungry(self) -> list[str]:
        """The views that somebody looks at and whose text this process does not have."""
        return [view for view in self.views() if view not in self.latest]

    def everybody(self) -> list[Seat]:
        return [seat for seats in self.seats.values() for seat in seats]

    def of_session(self, session: str) -> list[Seat]:
        return [seat for seat in self.everybody() if seat.session == session]

    async def join(self, seat: Seat) -> None:
        """Seat a socket, and give it the last text that others already have."""
        self.seats[seat.view].add(seat)
        if seat.view in self.latest:
            await self._offer(seat, self.latest[seat.view])

    def leave(self, seat: Seat) -> None:
        seats = self.seats.get(seat.view)
        if seats is None:
            return
        seats.discard(seat)
        if not seats:
            del self.seats[seat.view]
            self.latest.pop(seat.view, None)

    async def publish(self, view: str, text: str) -> None:
        """Give a new text to everybody who looks at a view."""
        if view not in self.seats:
            return
        self.latest[view] = text
        await self._offer_all(list(self.seats[view]), text)

    async def beat(self, text: str) -> None:
        """Tell every idle socket that the figures it has are still the newest."""
        idle = [seat for seat in self.everybody() if seat.busy_since is None]
        await self._offer_all(idle, text)

    async def taken(self, seat: Seat) -> None:
        """The client has shown the last text; it gets the one that waited, if any."""
        seat.busy_since = None
        if seat.waiting is not None:
            text, seat.waiting = seat.waiting, None
            await self._offer(seat, text)

    async def close_session(self, session: str) -> None:
        for seat in self.of_session(session):
            await self.close(seat, 4401)

    async def close_silent(self) -> None:
        """Close the sockets of clients that stopped answering."""
        before = time.monotonic() - SILENT_SECONDS
        for seat in self.everybody():
            if seat.busy_since is not None and seat.busy_since < before:
                await self.close(seat, 4408)

    async def close(self, seat: Seat, code: int) -> None:
        """Close a socket; one that closes by itself at this moment is only left."""
        await self._reach(seat, seat.close(code))

    async def _offer_all(self, seats: list[Seat], text: str) -> None:
        for number, seat in enumerate(seats):
            await self._offer(seat, text)
            if number % 50 == 49:
                # Pages and the other sockets of this process are served in between.
                await asyncio.sleep(0)

    async def _offer(self, seat: Seat, text: str) -> None:
        if seat.busy_since is not None:
            seat.waiting = text
            return
        seat.busy_since = time.monotonic()
        await self._reach(seat, seat.send(text))

    async def _reach(self, seat: Seat, message: Awaitable[None]) -> None:
        """Tell one socket something. Servers have errors of their own for one that is going; the others go on."""
        try:
            await message
        except Exception:
            log.exception("live_socket_lost")
            self.leave(seat)
