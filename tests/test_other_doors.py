"""The doors beside REST: console pages and WebSockets let nobody in who has no business there."""

import asyncio
import re
from typing import Any

import pytest
from asgiref.typing import ASGI3Application
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.urls import get_resolver

from rupai.accounts.tests.factories import new_member, new_user
from rupai.routing import websockets
from tests.places import Place, contents, routes

pytestmark = pytest.mark.slow

CONSOLE = [route for route in routes(get_resolver().url_patterns) if route.startswith("admin/")]
# Pages of the console that do not lead to the sign-in, with their answer to nobody.
OPEN = {"admin/login/": 200, "admin/invitation/<uidb64>/<token>/": 200}
# Every WebSocket there is, and how its handshake ends for nobody.
SOCKETS = {"ws/live/": 4403, "": 4404}
# A value that fits each part of an address: by the part's name, else by its converter.
NAMED = {"uidb64": "MQ", "token": "set-password"}
CONVERTED = {"int": "1", "payment_id": "pay_0000000000000000000001"}
ANY = "019ab3c4-0000-7000-8000-000000000000"
PART = re.compile(r"<(?:(?P<converter>\w+):)?(?P<name>\w+)>")


def path_of(route: str) -> str:
    if "(?P<app_label>" in route:
        return "/admin/payments/"
    route = route.replace("(?P<url>.*)$", "nothing/here/")
    found = PART.sub(lambda part: NAMED.get(part["name"], CONVERTED.get(part["converter"] or "", ANY)), route)
    assert "<" not in found, f"the test has no value for a part of {route}"
    return f"/{found}"


def test_the_open_pages_exist() -> None:
    assert OPEN.keys() <= set(CONSOLE)


@pytest.mark.django_db
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_the_console_sends_strangers_to_the_sign_in(verb: str) -> None:
    nobody, customer = Client(), Client()
    person = new_user()
    customer.force_login(person)
    before = contents()
    for route in CONSOLE:
        for client in (nobody, customer):
            answer = client.generic(verb, path_of(route))
            if route in OPEN:
                assert answer.status_code == OPEN[route], route
                continue
            assert answer.status_code == 302, route
            assert answer.headers["Location"].startswith("/admin/login/?next="), route
    assert contents() == before


@pytest.mark.django_db
def test_staff_of_another_merchant_see_none_of_the_rows(place: Place, stranger: Place) -> None:
    foreign = new_member(merchant=stranger.merchant, is_staff=True)
    client = Client()
    client.force_login(foreign.user)
    ids = {name for name in place.names.values() if not name.startswith("usr_")}
    for route in CONSOLE:
        if route.count("/") != 3 or "<" in route or "(" in route:
            continue
        answer = client.get(path_of(route))
        assert answer.status_code in {200, 302, 403}, route
        assert not [name for name in ids if name.encode() in answer.content], route


def socket_routes(application: Any) -> list[str]:
    while not isinstance(application, URLRouter):
        application = application.application
    return [str(route.pattern) for route in application.routes]


def test_every_socket_has_a_row() -> None:
    assert socket_routes(websockets()) == list(SOCKETS)


async def handshake(path: str, origin: str | None, application: ASGI3Application) -> tuple[bool, int | None]:
    headers = [(b"host", b"127.0.0.1")] + ([(b"origin", origin.encode())] if origin else [])
    socket = WebsocketCommunicator(application, path, headers=headers)
    socket.scope["user"] = AnonymousUser()
    connected, code = await socket.connect()
    await socket.disconnect()
    return connected, code


@pytest.mark.parametrize("path", ["/", "/ws/", "/ws/metrics", "/ws/live/payments", "/api/v1/payments", "/%00"])
@pytest.mark.parametrize(
    "origin", [None, "http://127.0.0.1", "https://evil.example", "http://127.0.0.1.evil.example", "null"]
)
def test_a_socket_of_nobody_is_refused(path: str, origin: str | None) -> None:
    connected, code = asyncio.run(handshake(path, origin, websockets()))
    assert not connected
    # The origin is looked at before the path; a browser always sends one.
    assert code == (SOCKETS[""] if origin == "http://127.0.0.1" else 1000)
