"""The one clock: real time in UTC, or the moment that a test or the seeder holds it at."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from rupai.core import clock

pytestmark = pytest.mark.unit
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_it_tells_real_time_in_utc() -> None:
    before = datetime.now(UTC)
    told = clock.now()
    assert before <= told <= datetime.now(UTC)
    assert told.utcoffset() == timedelta(0)


def test_it_stands_still_while_it_is_held_and_goes_on_after() -> None:
    with clock.at(NOON):
        assert clock.now() == clock.now() == NOON
        with clock.at(NOON + timedelta(days=1)):
            assert clock.now() == NOON + timedelta(days=1)
        assert clock.now() == NOON
    assert clock.now() > NOON + timedelta(days=1)
    with pytest.raises(RuntimeError), clock.at(NOON):
        raise RuntimeError
    assert clock.now() != NOON


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    with clock.at(datetime(2026, 3, 1, 17, 30, tzinfo=india)):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.at(datetime(2026, 3, 1)):
        pass


def test_another_thread_keeps_real_time() -> None:
    told: list[datetime] = []
    with clock.at(NOON):
        thread = threading.Thread(target=lambda: told.append(clock.now()))
        thread.start()
        thread.join()
    assert abs(told[0] - datetime.now(UTC)) < timedelta(minutes=1)
