"""Where a request comes from: the operator's proxies are believed, callers are not."""

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from rupai.core.addresses import client_address, neighbourhood

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "not an address", None),
        (1, "2001:DB8::1", "2001:db8::1"),
    ],
)
def test_the_address_behind_proxies(
    proxies: int, forwarded: str, expected: str | None, settings: Settings, rf: RequestFactory
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == expected


def test_a_unix_socket_has_no_address(rf: RequestFactory) -> None:
    assert client_address(rf.get("/", REMOTE_ADDR="")) is None
    assert neighbourhood(None) == "local"


def test_an_ipv4_address_in_ipv6_clothes_stays_one_address() -> None:
    assert neighbourhood("::ffff:192.0.2.1") != neighbourhood("::ffff:192.0.2.2")
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::2") == "2001:db8::/64"
