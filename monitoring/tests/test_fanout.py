"""Texts reach those who look at their view, and slow sockets lose the old ones only."""

import asyncio
from dataclasses import dataclass, field

import pytest

from monitoring.services.fanout import Fanout, Seat

pytestmark = pytest.mark.unit


@dataclass
class Wire:
    """A socket that notes what it got, and how it was closed."""

    got: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    async def send(self, text: str) -> None:
        self.got.append(text)

    async def close(self, code: int) -> None:
        self.codes.append(code)


def seat(view: str, session: str = "s") -> tuple[Seat, Wire]:
    wire = Wire()
    return Seat(view, session, lambda: view, wire.send, wire.close), wire


def test_a_view_of_seven_days_never_reaches_one_of_thirty() -> None:
    async def story() -> tuple[Wire, Wire]:
        fanout = Fanout()
        (seven, at_seven), (thirty, at_thirty) = seat("7d"), seat("30d")
        await fanout.join(seven)
        await fanout.join(thirty)
        await fanout.publish("7d", "seven")
        return at_seven, at_thirty

    seven, thirty = asyncio.run(story())
    assert (seven.got, thirty.got) == (["seven"], [])


def test_a_slow_socket_gets_the_newest_and_no_queue() -> None:
    async def story() -> Wire:
        fanout = Fanout()
        slow, wire = seat("a")
        await fanout.join(slow)
        for number in range(1000):
            await fanout.publish("a", str(number))
        assert wire.got == ["0"]
        await fanout.taken(slow)
        return wire

    assert asyncio.run(story()).got == ["0", "999"]


def test_who_comes_later_gets_what_the_others_have() -> None:
    async def story() -> Wire:
        fanout = Fanout()
        first, _ = seat("a")
        await fanout.join(first)
        await fanout.publish("a", "now")
        second, wire = seat("a")
        await fanout.join(second)
        return wire

    assert asyncio.run(story()).got == ["now"]


def test_a_beat_goes_to_idle_sockets_only() -> None:
    async def story() -> tuple[Wire, Wire]:
        fanout = Fanout()
        (busy, at_busy), (idle, at_idle) = seat("a"), seat("b")
        await fanout.join(busy)
        await fanout.join(idle)
        await fanout.publish("a", "text")
        await fanout.beat("beat")
        return at_busy, at_idle

    busy, idle = asyncio.run(story())
    assert (busy.got, idle.got) == (["text"], ["beat"])


def test_the_end_of_a_session_closes_its_sockets_only() -> None:
    async def story() -> tuple[Wire, Wire]:
        fanout = Fanout()
        (mine, at_mine), (other, at_other) = seat("a", "mine"), seat("a", "other")
        await fanout.join(mine)
        await fanout.join(other)
        await fanout.close_session("mine")
        return at_mine, at_other

    mine, other = asyncio.run(story())
    assert (mine.codes, other.codes) == ([4401], [])


def test_nobody_left_means_nothing_wanted_and_nothing_kept() -> None:
    async def story() -> Fanout:
        fanout = Fanout()
        one, _ = seat("a")
        await fanout.join(one)
        await fanout.publish("a", "text")
        fanout.leave(one)
        await fanout.publish("a", "later")
        return fanout

    fanout = asyncio.run(story())
    assert (fanout.views(), fanout.latest, len(fanout)) == ([], {}, 0)


class Gone(Wire):
    """A socket that is closing while something is sent to it, as the server's own error tells."""

    async def send(self, text: str) -> None:
        raise RuntimeError("Attempt to send on a closed protocol")

    async def close(self, code: int) -> None:
        raise RuntimeError("Attempt to send on a closed protocol")


def test_a_socket_that_is_going_takes_nothing_from_the_others() -> None:
    async def story() -> tuple[Wire, int, int]:
        fanout = Fanout()
        going = Gone()
        gone = Seat("a", "s", lambda: "a", going.send, going.close)
        await fanout.join(gone)
        stays, wire = seat("a")
        await fanout.join(stays)
        await fanout.publish("a", "first")
        left = len(fanout)
        await fanout.join(Seat("b", "signed out", lambda: "b", going.send, going.close))
        await fanout.close_session("signed out")
        await fanout.taken(stays)
        await fanout.publish("a", "second")
        return wire, left, len(fanout)

    wire, after_the_first, after_all = asyncio.run(story())
    assert (wire.got, after_the_first, after_all) == (["first", "second"], 1, 1)
