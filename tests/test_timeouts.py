"""Nothing waits longer than it says: the database, HTTP out, the cache and the broker, against peers that hang."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery, current_app
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from monitoring.probes import checks
from payments.providers import http as provider_http
from rupai.core import outbound, queue
from rupai.settings import celery as celery_settings
from rupai.settings.database import NETWORK, database

pytestmark = pytest.mark.slow


@contextmanager
def black_hole() -> Iterator[int]:
    """A loopback port that takes connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield int(listener.getsockname()[1])


def seconds_of(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


@pytest.mark.django_db
def test_the_server_knows_the_time_outs_of_a_live_connection() -> None:
    wanted = {"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "15s"}
    with connection.cursor() as cursor:
        found = {}
        for name in wanted:
            cursor.execute(f"SHOW {name}")
            found[name] = cursor.fetchone()[0]
    assert found == wanted


@pytest.mark.django_db
def test_the_client_gives_up_a_silent_network() -> None:
    live = connection.connection.info.get_parameters()
    wanted = {
        "connect_timeout": "3",
        "tcp_user_timeout": "3000",
        "keepalives": "1",
        "keepalives_idle": "2",
        "keepalives_interval": "1",
        "keepalives_count": "3",
    }
    # libpq tells only what differs from its own defaults; keepalives are on by default.
    assert {name: live.get(name, "1") for name in wanted} == wanted
    assert {name: str(value) for name, value in NETWORK.items()} == wanted


@pytest.mark.django_db(transaction=True)
def test_a_statement_and_a_lock_end_in_time() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '100ms'")
        with pytest.raises(OperationalError, match="statement timeout"):
            cursor.execute("SELECT pg_sleep(5)")
        transaction.set_rollback(True)
    with psycopg.connect(**own_parameters()) as other, transaction.atomic(), connection.cursor() as cursor:
        other.execute("LOCK TABLE core_deadletter IN ACCESS EXCLUSIVE MODE")
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"):
            cursor.execute("LOCK TABLE core_deadletter IN ACCESS EXCLUSIVE MODE")
        transaction.set_rollback(True)
        other.rollback()


def own_parameters(**changed: object) -> dict[str, Any]:
    """How the platform connects, for a connection apart from it."""
    return {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor, **changed}


def test_a_database_that_hangs_is_given_up() -> None:
    with black_hole() as port:
        parameters = own_parameters(host="127.0.0.1", port=port)
        assert refusal_within(4.0, lambda: psycopg.connect(**parameters), psycopg.OperationalError)


def test_a_pool_that_is_empty_refuses_soon() -> None:
    options = database("postgresql:///rupai", pool=5, statement_timeout="15s")["OPTIONS"]
    assert options["pool"] == {"min_size": 1, "max_size": 5, "timeout": 2.0, "max_lifetime": 1800}


def refusal_within(seconds: float, work: Callable[[], object], *errors: type[Exception]) -> bool:
    started = time.monotonic()
    with pytest.raises(errors):
        work()
    return time.monotonic() - started < seconds


@pytest.mark.unit
def test_a_receiver_of_webhooks_that_hangs_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (outbound.CONNECT_SECONDS, outbound.READ_SECONDS) == (3.0, 10.0)
    settings.OUTBOUND_ALLOW_PRIVATE = True
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.4)
    with black_hole() as port:
        url = f"http://127.0.0.1:{port}/"
        assert refusal_within(2.0, lambda: outbound.post(url, body=b"{}", headers={}), outbound.OutboundFailed)


@pytest.mark.unit
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"])
def test_a_receiver_that_drips_is_given_up(start: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOUND_ALLOW_PRIVATE = True
    monkeypatch.setattr(outbound, "READ_SECONDS", 0.5)
    with dripping(start) as port:
        url = f"http://127.0.0.1:{port}/"
        assert refusal_within(2.0, lambda: outbound.post(url, body=b"{}", headers={}), outbound.OutboundFailed)


@contextmanager
def dripping(start: bytes) -> Iterator[int]:
    """A server that sends a byte every twentieth of a second, each in time for a time-out per read."""
    over = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                peer.sendall(start)
                while not over.wait(0.05):
                    peer.sendall(b"x")

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.settimeout(5)
        server = threading.Thread(target=serve, args=[listener])
        server.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            server.join(5)


@pytest.mark.unit
def test_a_provider_that_hangs_is_given_up() -> None:
    with black_hole() as port:
        transport = provider_http.HttpTransport(f"http://127.0.0.1:{port}", connect_seconds=0.4, read_seconds=0.4)
        assert refusal_within(2.0, lambda: transport.send("POST", "/", headers={}), provider_http.NoAnswer)


@pytest.mark.unit
def test_a_cache_that_hangs_is_given_up() -> None:
    options = settings.CACHES["default"]["OPTIONS"]
    assert options == {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    with black_hole() as port:
        cache = RedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options})
        assert refusal_within(1.5, lambda: cache.get("x"), redis.RedisError)


@contextmanager
def app_on(url: str) -> Iterator[None]:
    """Celery as the platform configures it, but on another broker."""
    before = current_app._get_current_object()  # type: ignore[attr-defined]
    app = Celery("timeouts", set_as_current=False)
    app.config_from_object(celery_settings)
    app.conf.update(broker_url=url, broker_transport_options=celery_settings.transport_options(url))
    app.set_current()
    try:
        yield
    finally:
        app.close()
        before.set_current()


@pytest.mark.unit
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_sending_to_a_broker_that_hangs_costs_little_and_only_once(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "_away_until", 0.0)
    with black_hole() as port, app_on(f"{scheme}://127.0.0.1:{port}/"):
        assert seconds_of(lambda: queue._send("monitoring.beat", {"of": "payments"}, {})) < 3.0
        # Until the pause is over others do not even try.
        assert seconds_of(lambda: queue._send("monitoring.beat", {"of": "payments"}, {})) < 0.05


@pytest.mark.unit
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_sending_to_a_broker_that_is_gone_costs_nothing(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_away_until", 0.0)
    with black_hole() as port:
        pass
    with app_on(f"{scheme}://127.0.0.1:{port}/"):
        assert seconds_of(lambda: queue._send("monitoring.beat", {"of": "payments"}, {})) < 0.5


@pytest.mark.unit
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_asking_a_broker_that_hangs_whether_it_lives_ends_in_time(scheme: str) -> None:
    with black_hole() as port, app_on(f"{scheme}://127.0.0.1:{port}/"):
        assert refusal_within(2.0, checks.broker, checks.NotReady)
