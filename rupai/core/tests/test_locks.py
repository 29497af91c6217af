"""Row locks are taken in key order and only inside a transaction; named locks have one holder."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from rupai.core import clock, ids, locks
from rupai.core.models import IdempotencyRecord

QUERY = IdempotencyRecord.objects


def rows(count: int) -> list[IdempotencyRecord]:
    merchant, now = ids.new_key(), clock.now()
    fixed = {"merchant_id": merchant, "livemode": False, "created_at": now, "door": "rest", "leased_until": now}
    made = [IdempotencyRecord(key=f"order-{number}", **fixed) for number in range(count)]
    return QUERY.bulk_create(made)


@pytest.mark.django_db
def test_rows_come_locked_in_key_order_and_missing_ones_are_left_out() -> None:
    keys = [row.pk for row in rows(20)]
    wanted = [*reversed(keys), ids.new_key()]
    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        found = locks.lock_rows(QUERY.all(), wanted)
    assert [row.pk for row in found] == sorted(keys)
    assert 'ORDER BY "core_idempotencyrecord"."id" ASC FOR UPDATE' in queries[0]["sql"]


@pytest.mark.django_db
def test_one_row_or_none() -> None:
    (row,) = rows(1)
    with transaction.atomic():
        assert locks.lock_row(QUERY.all(), row.pk) == row
        assert locks.lock_row(QUERY.all(), ids.new_key()) is None


@pytest.mark.django_db(transaction=True)
def test_without_a_transaction_a_lock_is_refused() -> None:
    acts: list[Callable[[], Any]] = [
        lambda: locks.lock_rows(QUERY.all(), []),
        lambda: locks.lock_row(QUERY.all(), ids.new_key()),
        lambda: locks.try_single_writer("tests"),
    ]
    for act in acts:
        with pytest.raises(locks.LockNeedsTransaction):
            act()


def elsewhere(work: Callable[[], Any]) -> Any:
    """Run work in a thread with a connection of its own."""
    results: list[Any] = []

    def run() -> None:
        try:
            with transaction.atomic():
                results.append(work())
        except OperationalError as error:
            results.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    return results[0]


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_nobody_elses() -> None:
    (row,) = rows(1)
    with transaction.atomic():
        locks.lock_row(QUERY.all(), row.pk)
        assert elsewhere(lambda: list(QUERY.select_for_update(skip_locked=True))) == []
    assert elsewhere(lambda: list(QUERY.select_for_update(skip_locked=True))) == [row]


@pytest.mark.django_db(transaction=True)
def test_a_named_lock_has_one_holder_until_its_transaction_ends() -> None:
    with transaction.atomic():
        assert locks.try_single_writer("sequencer")
        assert elsewhere(lambda: locks.try_single_writer("sequencer")) is False
        assert elsewhere(lambda: locks.try_single_writer("another")) is True
    assert elsewhere(lambda: locks.try_single_writer("sequencer")) is True


@pytest.mark.django_db(transaction=True)
def test_crossing_lockers_of_the_same_rows_never_deadlock() -> None:
    keys = [row.pk for row in rows(10)]
    failed: list[BaseException] = []

    def work(order: list[Any]) -> None:
        try:
            for _ in range(25):
                with transaction.atomic():
                    assert len(locks.lock_rows(QUERY.all(), order)) == 10
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    orders = [keys, list(reversed(keys)), keys[5:] + keys[:5], keys[::2] + keys[1::2]]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
