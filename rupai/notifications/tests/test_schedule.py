"""Tries are spread over three days, and the receiver may ask for more time."""

from datetime import UTC, datetime, timedelta

import pytest

from rupai.notifications.services.schedule import MOST_TRIES, PAUSES, next_try, retry_after

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_pauses_grow_to_three_days_in_all() -> None:
    minutes = [int(pause.total_seconds() // 60) for pause in PAUSES]
    assert minutes[:16] == [1, 5, 5, 10, 10, 10, 10, 10, 60, 60, 60, 60, 60, 360, 360, 360]
    assert timedelta(days=3) <= sum(PAUSES, timedelta()) <= timedelta(days=3, hours=2)
    assert MOST_TRIES == 21


@pytest.mark.parametrize("tries", range(1, MOST_TRIES))
def test_each_pause_has_a_little_jitter(tries: int) -> None:
    pauses = [(next_try(tries=tries, now=NOW) or NOW) - NOW for _ in range(20)]
    assert all(PAUSES[tries - 1] <= pause <= PAUSES[tries - 1] * 1.1 for pause in pauses)
    assert len(set(pauses)) > 1


def test_after_the_last_try_there_is_no_next() -> None:
    assert next_try(tries=MOST_TRIES, now=NOW) is None


def test_the_receiver_may_lengthen_a_pause_but_not_shorten_it() -> None:
    longer = next_try(tries=1, now=NOW, retry_after=timedelta(minutes=30))
    assert longer == NOW + timedelta(minutes=30)
    shorter = next_try(tries=8, now=NOW, retry_after=timedelta(seconds=1))
    assert shorter is not None
    assert shorter >= NOW + timedelta(minutes=10)


def test_the_receiver_cannot_lengthen_it_for_ever() -> None:
    assert next_try(tries=1, now=NOW, retry_after=timedelta(days=400)) == NOW + timedelta(hours=6)


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("120", timedelta(seconds=120)),
        ("Sun, 01 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 400, timedelta(seconds=10**8)),
        ("²", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, pause: timedelta | None) -> None:
    assert retry_after({"Retry-After": text}, now=NOW) == pause
    assert retry_after({}, now=NOW) is None
