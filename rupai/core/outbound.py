"""The one sender to addresses that others chose (webhooks, notifications, logos).

The host is resolved once, every address must be globally routable, and the connection goes to the address that was
checked, so that a second look-up cannot lead inside (DNS rebinding). No redirects; time and size are limited.
"""

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import urllib3
from django.conf import settings

from rupai.core.deadline import BoundedPool, BoundedSecurePool

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
MOST_BYTES = 65_536
# Every public IPv6 address is in here (RFC 4291); Python calls some others global that lead inside by an IPv4 address.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# Where a network translates, this prefix stands before a public IPv4 address (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class OutboundRefused(Exception):
    """The address must not be called: wrong scheme, credentials in it, or a private network."""


class OutboundFailed(Exception):
    """No answer came: the name, the connection, TLS or the time-out failed."""


@dataclass(frozen=True, slots=True)
class OutboundAnswer:
    """What came back; ``body`` is cut at 64 KB."""

    status: int
    headers: dict[str, str]
    body: bytes
    milliseconds: int


@dataclass(frozen=True, slots=True)
class _Target:
    scheme: str
    host: str
    address: str
    port: int
    path: str


def check_url(url: str) -> None:
    """Refuse a URL that can never be called; the addresses of a name are checked when it is called.

    :raises OutboundRefused: saying what is wrong with it.
    """
    _, host, _, _ = _parts(url)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    if not settings.OUTBOUND_ALLOW_PRIVATE:
        _refuse_private(host)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> OutboundAnswer:
    """Send one POST.

    :raises OutboundRefused: when the address is not allowed.
    :raises OutboundFailed: when no answer came in time.
    """
    target = _resolve(url)
    started = time.perf_counter()
    pool = _pool(target)
    try:
        answer = pool.urlopen(
            "POST",
            target.path,
            body=body,
            headers={"Host": _host_header(target), "User-Agent": "RupAI/1", **headers},
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS, total=CONNECT_SECONDS + READ_SECONDS),
        )
        content = answer.read(MOST_BYTES, decode_content=False)
        return OutboundAnswer(
            answer.status, dict(answer.headers), content, round((time.perf_counter() - started) * 1000)
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise OutboundFailed(f"{type(error).__name__}: {error}"[:300]) from None
    finally:
        pool.close()


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        found = urlsplit(url)
        host, port = found.hostname, found.port
    except ValueError:
        raise OutboundRefused("This is no URL") from None
    schemes = {"https", "http"} if settings.OUTBOUND_ALLOW_PRIVATE else {"https"}
    if found.scheme not in schemes or not host:
        raise OutboundRefused("Use an https:// URL with a host")
    if found.username or found.password:
        raise OutboundRefused("A URL must not carry a user or a password")
    path = (found.path or "/") + (f"?{found.query}" if found.query else "")
    return found.scheme, host, port or (443 if found.scheme == "https" else 80), path


def _resolve(url: str) -> _Target:
    scheme, host, port, path = _parts(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundFailed(f"The name {host} cannot be resolved") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.OUTBOUND_ALLOW_PRIVATE:
        for address in addresses:
            _refuse_private(address)
    return _Target(scheme, host, addresses[0], port, path)


def _refuse_private(text: str) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
        address = address.ipv4_mapped or address.sixtofour or translated or address
    outside = isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST
    if outside or not address.is_global or address.is_multicast:
        raise OutboundRefused("The host has an address that is not public")


def _pool(target: _Target) -> BoundedPool | BoundedSecurePool:
    if target.scheme == "http":
        return BoundedPool(target.address, target.port)
    return BoundedSecurePool(
        target.address,
        target.port,
        ca_certs=certifi.where(),
        cert_reqs="CERT_REQUIRED",
        assert_hostname=target.host,
        server_hostname=target.host,
    )


def _host_header(target: _Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"
