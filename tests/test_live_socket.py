"""The live socket: who is let in, what reaches whom, and when it ends."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections
from django.test import Client

from monitoring import consumers
from monitoring.services import live as ticking
from rupai.accounts.models import Membership, User
from rupai.accounts.tests.factories import enrol, new_member, new_merchant, new_user
from rupai.pages import live
from rupai.pages.live import LiveView
from rupai.routing import websockets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
SITE = "http://testserver"
figures: dict[Any, int] = {}


@pytest.fixture(autouse=True)
def topic() -> Iterator[None]:
    """A topic whose text is a number that the test sets for each merchant."""

    @live.live("test_figures", scope="payments:read", range="7d|30d")
    def render(view: LiveView) -> str:
        return f"{view.option('range', '7d')} {figures.get(view.merchant_id, 0)} {view.zone}"

    figures.clear()
    yield
    live._topics.pop("test_figures")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def staff(role: str = "owner", **merchant: Any) -> Membership:
    return new_member(merchant=new_merchant(**merchant), role=role, is_staff=True)


def socket(client: Client | None, query: str = "topic=test_figures&range=7d", origin: str = SITE) -> Any:
    headers = [(b"host", b"testserver"), (b"origin", origin.encode())]
    if client is not None:
        headers.append((b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode()))
    return WebsocketCommunicator(websockets(), f"/ws/live/?{query}", headers=headers)


def story(work: Callable[[], Awaitable[Any]]) -> Any:
    async def told() -> Any:
        try:
            return await work()
        finally:
            for hub in list(consumers._hubs.values()):
                await hub.end()
            await database_sync_to_async(connections.close_all)()

    return asyncio.run(told())


async def text_of(found: Any) -> str:
    """The next text; beats in between are answered and passed over."""
    while True:
        message = json.loads(await found.receive_from(timeout=8))
        await found.send_to(text_data="ok")
        if "text" in message:
            return str(message["text"])


def refused(client: Client | None, query: str = "topic=test_figures&range=7d", origin: str = SITE) -> bool:
    async def knock() -> bool:
        found = socket(client, query, origin)
        connected, _ = await found.connect(timeout=5)
        await found.disconnect()
        return not connected

    return bool(story(knock))


def test_figures_come_by_themselves_and_only_when_they_change() -> None:
    member = staff()
    client = signed_in(member.user)

    async def look() -> list[str]:
        found = socket(client)
        assert (await found.connect(timeout=5))[0]
        seen = [await text_of(found)]
        figures[member.merchant_id] = 12
        seen.append(await text_of(found))
        await found.disconnect()
        return seen

    assert story(look) == ["7d 0 Asia/Kolkata", "7d 12 Asia/Kolkata"]


def test_a_message_that_nobody_can_read_ends_nothing() -> None:
    member = staff()
    client = signed_in(member.user)

    async def look() -> list[str]:
        found = socket(client)
        assert (await found.connect(timeout=5))[0]
        seen = [await text_of(found)]
        with ticking.connect() as redis:
            redis.publish(ticking.CHANNEL, "{")
        figures[member.merchant_id] = 12
        seen.append(await text_of(found))
        await found.disconnect()
        return seen

    assert story(look) == ["7d 0 Asia/Kolkata", "7d 12 Asia/Kolkata"]


def test_who_comes_back_sees_the_figures_at_once() -> None:
    """The ticker still counts the text as published; a page that was opened anew has not got it."""
    member = staff()
    client = signed_in(member.user)

    async def look() -> list[str]:
        seen = []
        for _ in range(2):
            found = socket(client)
            assert (await found.connect(timeout=5))[0]
            message = json.loads(await found.receive_from(timeout=8))
            seen.append(str(message.get("text", "no text")))
            await found.disconnect()
        return seen

    assert story(look) == ["7d 0 Asia/Kolkata"] * 2


def test_each_sees_the_own_merchant_range_and_zone_only() -> None:
    mine, other = staff(), staff(timezone="Europe/Berlin")
    clients = [signed_in(mine.user), signed_in(mine.user), signed_in(other.user)]
    figures.update({mine.merchant_id: 1, other.merchant_id: 2})

    async def look() -> list[str]:
        ranges = ["7d", "30d", "7d"]
        sockets = [
            socket(client, f"topic=test_figures&range={range}") for client, range in zip(clients, ranges, strict=True)
        ]
        for found in sockets:
            assert (await found.connect(timeout=5))[0]
        seen = [await text_of(found) for found in sockets]
        figures[mine.merchant_id] = 5
        seen += [await text_of(found) for found in sockets[:2]]
        # Nothing but beats comes to whom it does not concern.
        while not await sockets[2].receive_nothing(timeout=1.5):
            assert "text" not in json.loads(await sockets[2].receive_from())
            await sockets[2].send_to(text_data="ok")
        for found in sockets:
            await found.disconnect()
        return seen

    assert story(look) == [
        "7d 1 Asia/Kolkata",
        "30d 1 Asia/Kolkata",
        "7d 2 Europe/Berlin",
        "7d 5 Asia/Kolkata",
        "30d 5 Asia/Kolkata",
    ]


def test_strangers_foreign_pages_and_unknown_views_are_refused() -> None:
    client = signed_in(staff().user)
    assert refused(None)
    assert refused(client, origin="https://evil.example")
    assert refused(client, "topic=nothing")
    assert refused(client, "topic=test_figures&range=8d")
    assert refused(client, "topic=test_figures&merchant=all")
    assert refused(signed_in(new_user(is_staff=False)))


def test_a_second_factor_that_was_not_shown_is_asked_for() -> None:
    user = staff().user
    enrol(user)
    assert refused(signed_in(user))


def test_signing_out_closes_the_socket() -> None:
    client = signed_in(staff().user)

    async def look() -> Any:
        found = socket(client)
        assert (await found.connect(timeout=5))[0]
        await text_of(found)
        await database_sync_to_async(client.post)("/admin/logout/")
        return await closing(found)

    assert story(look) == 4401


def test_people_who_lost_their_place_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.3)
    member = staff()
    client = signed_in(member.user)

    async def look() -> Any:
        found = socket(client)
        assert (await found.connect(timeout=5))[0]
        await text_of(found)
        await database_sync_to_async(Membership.objects.filter(pk=member.pk).update)(is_active=False)
        return await closing(found)

    assert story(look) == 4401


async def closing(found: Any) -> int:
    while True:
        message = await found.receive_output(timeout=8)
        if message["type"] == "websocket.close":
            return int(message["code"])
        await found.send_to(text_data="ok")


def test_only_one_process_ticks_and_another_takes_over() -> None:
    view = LiveView("test_figures", None, False, "UTC").key()
    first, second = ticking.Ticker(lambda: [view]), ticking.Ticker(lambda: [view])
    with ticking.connect() as redis:
        assert (first.tick(redis), second.tick(redis)) == (1, 0)
        assert (first.tick(redis), second.tick(redis)) == (0, 0)
        redis.delete(ticking._LOCK)
        assert (second.tick(redis), first.tick(redis)) == (1, 0)
        redis.flushdb()


def test_a_topic_that_fails_is_tried_again() -> None:
    member = staff()
    client = signed_in(member.user)
    wrong = [ValueError("not now")]

    @live.live("test_figures", scope="payments:read", range="7d|30d")
    def render(view: LiveView) -> str:
        if wrong:
            raise wrong.pop()
        return "well"

    async def look() -> str:
        found = socket(client)
        assert (await found.connect(timeout=5))[0]
        text = await text_of(found)
        await found.disconnect()
        return text

    assert story(look) == "well"
