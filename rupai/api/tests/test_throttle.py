"""How many requests a key may make in a minute, and that a lost counter stops nobody."""

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings
from rest_framework.test import APIClient

from rupai.accounts.tests.factories import access_token, new_key, new_member, new_merchant
from rupai.api import throttles
from rupai.core import clock

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, 0, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _three_a_minute(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.REQUESTS_PER_MINUTE = 3
    monkeypatch.setattr(throttles, "_away_until", 0.0)
    yield
    cache.close()


def ask(bearer: str, path: str = "payments") -> Any:
    return APIClient().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {bearer}"})


def test_the_fourth_request_of_a_minute_is_told_to_wait() -> None:
    key = new_key(new_merchant()).secret
    with clock.at(NOON):
        assert [ask(key).status_code for _ in range(3)] == [200] * 3
        refused = ask(key, "customers")
        assert refused.status_code == 429
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert refused.headers["Retry-After"] == "50"
        problem = refused.json()
        assert (problem["code"], problem["status"], problem["detail"]) == (
            "rate_limited",
            429,
            "Request was throttled.",
        )
    with clock.at(NOON + timedelta(seconds=49)):
        assert ask(key).headers["Retry-After"] == "1"
    with clock.at(NOON + timedelta(seconds=50)):
        assert ask(key).status_code == 200


def test_each_key_and_each_person_has_a_count_of_their_own() -> None:
    merchant = new_merchant()
    first, second = new_key(merchant).secret, new_key(merchant).secret
    token = access_token(new_member(merchant=merchant))
    with clock.at(NOON):
        assert [ask(first).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [ask(second).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [ask(token).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_refused_request_writes_and_counts_nothing_more() -> None:
    key = new_key(new_merchant()).secret
    with clock.at(NOON):
        for _ in range(10):
            ask(key)
    with clock.at(NOON + timedelta(minutes=1)):
        assert [ask(key).status_code for _ in range(4)] == [200, 200, 200, 429]


def test_nobody_is_not_counted_here() -> None:
    caller = APIClient(REMOTE_ADDR="2001:db8:77::1")
    with clock.at(NOON):
        assert {caller.get("/api/v1/payments").status_code for _ in range(10)} == {401}


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        yield listener.getsockname()[1]


def cache_at(settings: Settings, port: int) -> None:
    found = settings.CACHES["default"]
    settings.CACHES = {"default": {**found, "LOCATION": f"redis://127.0.0.1:{port}/0"}}


def seconds_of(bearer: str) -> float:
    started = time.perf_counter()
    assert ask(bearer).status_code == 200
    return time.perf_counter() - started


def test_a_cache_that_is_gone_lets_requests_through_at_once(settings: Settings) -> None:
    key = new_key(new_merchant()).secret
    cache_at(settings, 1)
    assert max(seconds_of(key) for _ in range(5)) < 1


def test_a_cache_that_hangs_costs_one_request_its_time_out_and_the_others_nothing(
    settings: Settings, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key(new_merchant()).secret
    ask(key)
    cache_at(settings, silent)
    assert 0.4 < seconds_of(key) < 1.2
    assert max(seconds_of(key) for _ in range(5)) < 0.4
    monkeypatch.setattr(throttles, "_away_until", 0.0)
    assert seconds_of(key) > 0.4
