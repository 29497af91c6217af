"""``/health`` says that the process lives, ``/ready`` that the platform can work; neither gives anything away."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import Client

from monitoring.models import Heartbeat
from monitoring.probes import checks, ready
from monitoring.services import heartbeats
from rupai.core import clock
from rupai.core.queue_names import QUEUES

pytestmark = pytest.mark.slow

CHECKS = ["broker", "database", "migrations", "workers"]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """No test sees the report of another."""
    ready.forget()
    yield
    ready.forget()


@pytest.fixture
def workers(transactional_db: None) -> None:
    for queue in QUEUES:
        heartbeats.beat(queue=queue, worker="test@here")


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    ready.forget()
    answer = client.get("/ready")
    return answer.status_code, answer.json()


def test_health_asks_no_database(client: Client) -> None:
    # Without the database mark any query fails the test.
    answer = client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_other_methods_are_not_served(client: Client, path: str) -> None:
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(client, method)(path).status_code == 405


def test_with_everything_there_it_is_ready(client: Client, workers: None) -> None:
    status, body = asked(client)
    assert (status, body["status"]) == (200, "ready")
    assert sorted(body["checks"]) == CHECKS
    for check in body["checks"].values():
        assert check["state"] == "ok"
        assert 0 <= check["ms"] < 2000


def test_a_silent_queue_is_named(client: Client, workers: None) -> None:
    long_ago = clock.now() - checks.HEARTBEAT_AGE - timedelta(seconds=1)
    Heartbeat.objects.filter(queue="notifications").update(at=long_ago)
    status, body = asked(client)
    assert (status, body["status"]) == (503, "unavailable")
    assert body["checks"]["workers"]["state"] == "failed"
    assert body["checks"]["workers"]["reason"] == "no sign of life: notifications"
    assert [name for name, check in body["checks"].items() if check["state"] != "ok"] == ["workers"]


def test_a_missing_migration_is_told(client: Client, workers: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'monitoring' RETURNING app, name, applied")
        [row] = cursor.fetchall()
    try:
        status, body = asked(client)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", row)
    assert (status, body["checks"]["migrations"]["reason"]) == (503, "1 not applied")


def test_without_a_database_it_answers_soon_and_keeps_its_secrets(
    client: Client, workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = connection.get_connection_params() | {"host": "127.0.0.1", "port": 1, "password": "hunter2hunter2"}
    monkeypatch.setattr(DatabaseWrapper, "get_connection_params", lambda _: dict(parameters))
    started = time.monotonic()
    status, body = asked(client)
    assert time.monotonic() - started < ready.PATIENCE_SECONDS + 0.5
    assert (status, body["checks"]["database"]) == (503, body["checks"]["database"] | {"reason": "no connection"})
    assert body["checks"]["workers"] == {"state": "skipped", "ms": 0, "reason": "needs the database"}
    text = str(body)
    for secret in ("hunter2", "127.0.0.1", "psycopg", "Traceback", connection.settings_dict["NAME"]):
        assert secret not in text


def test_a_check_that_hangs_does_not_hang_the_answer(
    client: Client, workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(checks, "broker", lambda: time.sleep(1))
    started = time.monotonic()
    status, body = asked(client)
    assert time.monotonic() - started < 0.9
    assert (status, body["checks"]["broker"]["reason"]) == (503, "no answer in time")
    assert body["checks"]["database"]["state"] == "ok"


def test_an_unexpected_error_says_nothing(client: Client, workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("amqp://guest:guest@10.0.0.1")

    monkeypatch.setattr(checks, "broker", broken)
    status, body = asked(client)
    assert (status, body["checks"]["broker"]["reason"]) == (503, "error")
    assert "guest" not in str(body)


def test_a_crowd_gets_one_answer(client: Client, workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    really = checks.open_database

    def counted() -> checks.Connection:
        opened.append(1)
        return really()

    monkeypatch.setattr(checks, "open_database", counted)
    ready.forget()
    for _ in range(20):
        assert client.get("/ready").status_code == 200
    assert len(opened) == 1


def test_a_crowd_does_not_wait_while_one_asks(workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ready.report()
    monkeypatch.setattr(ready, "REMEMBERED_SECONDS", 0.0)
    monkeypatch.setattr(checks, "broker", lambda: time.sleep(2))
    asking = threading.Thread(target=ready.report)
    asking.start()
    time.sleep(0.1)
    assert ready.report() is first
    assert asking.is_alive()
    asking.join(5)
