"""Questions over the network: does a service answer, is the platform ready."""

import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import unquote, urlsplit

import psycopg

from rupai.core.runtime.errors import StartError
from rupai.core.runtime.places import LOOPBACK

PATIENCE = 3.0
DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "pyamqp": 5672, "amqps": 5671}


def given_services_answer(given: Mapping[str, str]) -> None:
    """Try the services that the environment names instead of the embedded ones.

    :raises StartError: naming the variable and the reason, never a password.
    """
    if given.get("DATABASE_URL"):
        try:
            psycopg.connect(given["DATABASE_URL"], connect_timeout=int(PATIENCE)).close()
        except psycopg.Error as problem:
            raise StartError(f"DATABASE_URL cannot be reached: {_first_line(problem)}") from None
    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        if given.get(name):
            _listens(name, given[name])


def _listens(name: str, url: str) -> None:
    # Several brokers are separated by semicolons; Celery moves on by itself when the first is gone.
    address = urlsplit(url.partition(";")[0])
    try:
        if address.hostname:
            port = address.port or DEFAULT_PORTS.get(address.scheme, 0)
            socket.create_connection((address.hostname, port), timeout=PATIENCE).close()
        else:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PATIENCE)
                client.connect(unquote(address.path))
    except (OSError, ValueError) as problem:
        place = address.path if not address.hostname else f"{address.hostname}:{address.port or ''}".rstrip(":")
        raise StartError(f"{name} cannot be reached: {place}: {problem}") from None


def _first_line(problem: Exception) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__


def accepts(port: int) -> bool:
    """Tell whether a server listens on a loopback port."""
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True


def answer_of(port: int, path: str) -> tuple[int, str]:
    """Fetch a page of our own server: its status and, shortened, what it says; status 0 when it does not answer."""
    connection = HTTPConnection(LOOPBACK, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        response = connection.getresponse()
        return response.status, _in_one_line(response.read(4096))
    except (OSError, HTTPException) as problem:
        return 0, str(problem)
    finally:
        connection.close()


def _in_one_line(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return " ".join(text.split())[:200]
