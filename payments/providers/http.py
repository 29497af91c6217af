"""HTTP to a provider: pooled, bounded in time and size, without retries; it tells "never sent" from "no answer"."""

import ipaddress
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import certifi
import urllib3
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ConnectTimeoutError, EmptyPoolError, HTTPError, LocationValueError, SSLError

from rupai.core.deadline import BoundedPool, BoundedSecurePool

MAX_ANSWER = 1_048_576
POOL_SIZE = 32
_CHUNK = 65_536


class NotSent(Exception):
    """The request certainly never reached the provider."""


class NoAnswer(OSError):
    """The request may have reached the provider, and no usable answer came back."""


class InsecureAddress(ValueError):
    """A provider is reached by https, or by plain http on this machine only."""


class RawAnswer(Protocol):
    """A complete answer, whatever its status."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete answer that came by HTTP."""

    status: int
    body: bytes


class Transport(Protocol):
    """How a connector reaches its provider; a provider in the same process has one of its own."""

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> RawAnswer:
        """Send one request.

        :raises NotSent: when it certainly did not arrive.
        :raises OSError: when it may have arrived.
        """


# One pool per process and address: a forked worker must not share its parent's sockets.
_pools: dict[tuple[int, str], HTTPConnectionPool] = {}


def _pool(base_url: str) -> HTTPConnectionPool:
    key = (os.getpid(), base_url)
    found = _pools.get(key)
    return found if found is not None else _pools.setdefault(key, _open_pool(base_url))


def _open_pool(base_url: str) -> HTTPConnectionPool:
    address = urllib3.util.parse_url(base_url)
    host = (address.host or "").strip("[]")
    if address.scheme == "https":
        return BoundedSecurePool(
            host, address.port, maxsize=POOL_SIZE, cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()
        )
    if address.scheme != "http" or not _is_loopback(host):
        raise InsecureAddress(f"{base_url!r} must start with https:// unless it is on this machine")
    return BoundedPool(host, address.port, maxsize=POOL_SIZE)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class HttpTransport:
    """Reach a provider at a base URL; times are seconds, `read_seconds` bounds the whole answer."""

    def __init__(self, base_url: str, *, connect_seconds: float, read_seconds: float) -> None:
        """Open or share the pool of this address.

        :raises InsecureAddress: for plain http to another machine.
        """
        self._base_url = base_url
        self._prefix = (urllib3.util.parse_url(base_url).path or "").rstrip("/")
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)
        _pool(base_url)

    def send(self, method: str, path: str, *, headers: Mapping[str, str], body: bytes | None = None) -> HttpAnswer:
        """Send one request, without retries and without following redirects.

        :raises NotSent: when no connection could be made, so that nothing was sent.
        :raises NoAnswer: on a time-out, a broken connection or an answer that is too large.
        """
        try:
            response = _pool(self._base_url).urlopen(
                method,
                self._prefix + path,
                body=body,
                headers={"User-Agent": "RupAI", "Accept": "application/json", **headers},
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (ConnectTimeoutError, EmptyPoolError, LocationValueError) as error:
            raise NotSent(_reason(error)) from error
        except SSLError as error:
            # Only the handshake verifies a certificate, and the handshake comes before the request.
            if error.args and isinstance(error.args[0], ssl.SSLCertVerificationError):
                raise NotSent(_reason(error)) from error
            raise NoAnswer(_reason(error)) from error
        except (HTTPError, OSError) as error:
            raise NoAnswer(_reason(error)) from error
        return HttpAnswer(response.status, _read(response))


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    body = bytearray()
    try:
        while chunk := response.read(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > MAX_ANSWER:
                raise NoAnswer(f"The answer has more than {MAX_ANSWER} bytes")
    except (HTTPError, OSError) as error:
        response.close()
        raise NoAnswer(_reason(error)) from error
    except NoAnswer:
        response.close()
        raise
    finally:
        response.release_conn()
    return bytes(body)


def _reason(error: Exception) -> str:
    """Name what went wrong without addresses, so that it may be stored and shown."""
    cause = error.__cause__ or error.__context__
    return f"{type(error).__name__} ({type(cause).__name__})" if cause else type(error).__name__
