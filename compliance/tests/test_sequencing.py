"""Events are numbered once, without gaps, and none is skipped."""

import signal
import threading
from collections.abc import Sequence

import pytest
from django.db import connection, transaction

from compliance.audit import sequencer
from compliance.models import AuditEntry, AuditHead
from compliance.tests.factories import OpenTransaction, Thing, emit, sequence_all
from rupai.core import locks, readers
from rupai.core.ids import new_key
from rupai.core.models import Event
from rupai.notifications.tests import processes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def numbers(thing: Thing) -> list[int | None]:
    found = Event.objects.filter(merchant_id=thing.merchant_id, livemode=thing.livemode).order_by("inserted")
    return list(found.values_list("seq", flat=True))


def test_numbers_are_gap_free_per_merchant_and_mode_and_over_all() -> None:
    merchant = new_key()
    test, live, other = Thing(merchant), Thing(merchant, livemode=True), Thing()
    for thing in (test, live, test, other, test, live):
        emit(thing)
    assert sequence_all() == 6
    assert (numbers(test), numbers(live), numbers(other)) == ([1, 2, 3], [1, 2], [1])
    emit(live)
    assert sequence_all() == 1
    assert numbers(live) == [1, 2, 3]
    assert list(Event.objects.order_by("inserted").values_list("position", flat=True)) == [1, 2, 3, 4, 5, 6, 7]
    assert AuditEntry.objects.count() == 7


def test_batches_continue_the_chain() -> None:
    thing = Thing()
    for number in range(7):
        emit(thing, number)
    sequence_all()
    before = AuditHead.objects.get()
    for number in range(7):
        emit(thing, number)
    while sequencer.sequence(batch=2) < 1 or Event.objects.filter(seq__isnull=True).exists():
        pass
    assert numbers(thing) == list(range(1, 15))
    assert AuditEntry.objects.get(seq=8).prev_hash == before.hash
    assert AuditHead.objects.get().seq == 14


def test_a_limit_leaves_the_rest_for_the_next_run() -> None:
    thing = Thing()
    for number in range(5):
        emit(thing, number)
    done = 0
    while done < 3:
        done += sequencer.sequence(limit=3 - done)
    assert numbers(thing) == [1, 2, 3, None, None]


def test_an_event_waits_for_an_older_open_transaction() -> None:
    thing = Thing()
    late = OpenTransaction(thing)
    late.emit()
    emit(thing)
    assert sequencer.sequence() == 0
    assert numbers(thing) == [None]
    late.end()
    assert sequence_all() == 2
    # The late one was inserted first, so it is the first in the order of the log too.
    assert numbers(thing) == [1, 2]
    assert list(Event.objects.order_by("inserted").values_list("position", flat=True)) == [1, 2]


def test_a_rolled_back_event_leaves_no_gap() -> None:
    thing = Thing()
    emit(thing)
    failed = OpenTransaction(thing)
    failed.emit()
    emit(thing)
    failed.end(roll_back=True)
    assert sequence_all() == 2
    assert numbers(thing) == [1, 2]


def test_an_effect_is_never_numbered_before_its_cause() -> None:
    """The effect's transaction began first; only a transaction between the two keeps the cause waiting."""
    thing = Thing()
    effect = OpenTransaction(thing)
    between = OpenTransaction()
    cause = emit(thing)
    effect.emit()
    effect.end()
    assert sequencer.sequence() == 0
    between.end()
    sequence_all()
    cause.refresh_from_db()
    assert (cause.seq, numbers(thing)) == (1, [1, 2])


def test_only_one_sequencer_works_at_a_time() -> None:
    thing = Thing()
    emit(thing)
    held, release = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            assert locks.try_single_writer("compliance.sequencer")
            held.set()
            release.wait(10)
        connection.close()

    thread = threading.Thread(target=other)
    thread.start()
    assert held.wait(10)
    assert sequencer.sequence() == 0
    release.set()
    thread.join(10)
    assert sequence_all() == 1


def test_a_reader_skips_nothing_while_writers_commit_out_of_order() -> None:
    things = [Thing() for _ in range(4)]
    seen: list[int] = []

    def write(thing: Thing, index: int) -> None:
        for number in range(25):
            with transaction.atomic():
                emit(thing, number)
                if (number + index) % 3 == 0:
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_sleep(0.004)")
                transaction.set_rollback(number % 5 == 4)
        connection.close()

    def remember(events: Sequence[Event]) -> None:
        seen.extend(event.position or 0 for event in events)

    threads = [threading.Thread(target=write, args=(thing, index)) for index, thing in enumerate(things)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        sequencer.sequence(batch=10)
        readers.drain("test", remember)
    sequence_all()
    readers.drain("test", remember)
    assert seen == list(range(1, 81))
    assert all(numbers(thing) == list(range(1, 21)) for thing in things)


@pytest.mark.parametrize(("point", "numbered"), [("sequencer.before_commit", None), ("sequencer.after_commit", 1)])
def test_a_sequencer_killed_at_a_point_loses_and_doubles_nothing(point: str, numbered: int | None) -> None:
    thing = Thing()
    emit(thing)
    program = "from compliance.tests.factories import sequence_all; sequence_all()"
    assert processes.run(program, crash_at=point) == -signal.SIGKILL
    assert numbers(thing) == [numbered]
    emit(thing)
    sequence_all()
    assert numbers(thing) == [1, 2]
    assert AuditEntry.objects.count() == 2
