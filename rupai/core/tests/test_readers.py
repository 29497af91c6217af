"""Readers of the whole log get every event in order and once, whatever breaks in between."""

import threading
from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from rupai.core import clock, ids, readers
from rupai.core.models import Event, ReaderCursor


def write(count: int, *, after: int = 0) -> list[int]:
    """Write numbered events, as the sequencer leaves them."""
    merchant, now = ids.new_key(), clock.now()
    events = [
        Event(
            merchant_id=merchant,
            livemode=False,
            created_at=now,
            type="thing.made",
            subject_type="thing",
            subject_id="thing_1",
            data={},
            actor="platform:tests",
            seq=number,
            position=number,
        )
        for number in range(after + 1, after + count + 1)
    ]
    Event.objects.bulk_create(events)
    return [number for event in events if (number := event.position) is not None]


class Reader:
    """Notes what it is given; fails when told to."""

    def __init__(self) -> None:
        self.read: list[int] = []
        self.failing = False

    def __call__(self, events: Sequence[Event]) -> None:
        if self.failing:
            raise ConnectionError("away")
        self.read += [event.position for event in events if event.position is not None]


@pytest.mark.django_db
def test_everything_is_read_in_order_and_once() -> None:
    reader, positions = Reader(), write(25)
    assert readers.pull("tests", reader, batch=10) == 10
    assert readers.drain("tests", reader, batch=10) == 15
    assert readers.drain("tests", reader, batch=10) == 0
    assert reader.read == positions
    more = write(3, after=25)
    assert readers.drain("tests", reader) == 3
    assert reader.read == positions + more
    assert ReaderCursor.objects.get(name="tests").position == 28


@pytest.mark.django_db
def test_each_reader_has_its_own_place() -> None:
    first, second, positions = Reader(), Reader(), write(5)
    readers.drain("first", first)
    readers.drain("second", second)
    assert first.read == second.read == positions


@pytest.mark.django_db
def test_an_event_without_a_number_waits() -> None:
    reader = Reader()
    write(2)
    Event.objects.create(
        merchant_id=ids.new_key(), livemode=False, created_at=clock.now(), type="thing.made", subject_type="thing",
        subject_id="thing_1", data={}, actor="platform:tests",
    )  # fmt: skip
    assert readers.drain("tests", reader) == 2


@pytest.mark.django_db
def test_an_effect_that_fails_is_given_the_same_events_again() -> None:
    reader, positions = Reader(), write(5)
    reader.failing = True
    for _ in range(3):
        with pytest.raises(ConnectionError):
            readers.pull("tests", reader)
    assert not ReaderCursor.objects.filter(position__gt=0).exists()
    reader.failing = False
    assert readers.drain("tests", reader) == 5
    assert reader.read == positions


@pytest.mark.django_db(transaction=True)
def test_what_an_effect_wrote_and_its_place_stand_or_fall_together() -> None:
    write(5)

    def effect(events: Sequence[Event]) -> None:
        ReaderCursor.objects.create(name=f"effect {events[0].position}")
        if events[0].position == 3:
            raise KeyError("broken in the middle")

    with pytest.raises(KeyError):
        readers.drain("tests", effect, batch=2)
    assert ReaderCursor.objects.get(name="tests").position == 2
    assert [row.name for row in ReaderCursor.objects.filter(name__startswith="effect")] == ["effect 1"]


@pytest.mark.django_db
def test_one_task_does_not_read_for_ever() -> None:
    reader = Reader()
    write(30)
    assert readers.drain("tests", reader, batch=5, most=10) == 10
    assert readers.drain("tests", reader, batch=5, most=100) == 20


@pytest.mark.django_db(transaction=True)
def test_two_processes_with_one_name_share_the_work_and_double_nothing() -> None:
    positions, lock = write(200), threading.Lock()
    read: list[int | None] = []

    def effect(events: Sequence[Event]) -> None:
        with lock:
            read.extend(event.position for event in events)

    def work() -> None:
        try:
            for _ in range(60):
                readers.pull("tests", effect, batch=7)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert read == positions


@pytest.mark.django_db(transaction=True)
def test_while_one_reads_another_gets_nothing_at_once() -> None:
    write(5)
    found: list[int] = []

    def other() -> None:
        try:
            found.append(readers.pull("tests", Reader()))
        finally:
            connection.close()

    def effect(events: Sequence[Event]) -> None:
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)

    with transaction.atomic():
        ReaderCursor.objects.create(name="tests")
    assert readers.pull("tests", effect) == 5
    assert found == [0]
