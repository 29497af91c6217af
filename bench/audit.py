"""The audit chain: appending and sealing in batches beside a chain inside the transaction: ``python -m bench.audit``.

Three figures a round, interleaved, all in events a second on the same tables' shapes and with durable commits:

* ``in transaction``: writers lock the merchant's head, hash, insert event and entry, move the head, commit.
* ``end to end``: the same writers emit one event a transaction while the sequencer seals behind them.
* ``sealing``: the sequencer alone on a backlog.
"""

import argparse
import os
import statistics
import time
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any
from uuid import UUID

from bench.services import services

DATA = {
    "id": "pay_0351ggHX7jlrBr1d4iUMZL",
    "status": "captured",
    "amount": 10_000,
    "currency": "INR",
    "method": "card",
    "customer_id": "cust_0351ggHX7lM4jfJUUvssss",
    "order_id": "order-1234",
    "captured": 10_000,
    "refunded": 0,
    "livemode": False,
    "metadata": {"shop": "7"},
}
CHANGES = {"status": ["authorized", "captured"], "captured": [0, 10_000]}
BASELINE = """
DROP TABLE IF EXISTS bench_event, bench_entry, bench_head;
CREATE TABLE bench_event (LIKE core_event INCLUDING ALL);
CREATE TABLE bench_entry (LIKE compliance_auditentry INCLUDING ALL);
CREATE TABLE bench_head (merchant_id uuid PRIMARY KEY, seq bigint NOT NULL, hash text NOT NULL);
"""
INSERT = """
INSERT INTO bench_event (id, merchant_id, livemode, created_at, type, subject_type, subject_id, data, changes, actor,
                         correlation_id, seq, position)
VALUES (%s, %s, false, %s, 'payment.captured', 'payment', %s, %s, %s, 'key_bench', '', %s, %s)
RETURNING data::text, changes::text, transaction, inserted
"""


def main() -> None:
    """Run the rounds and print their medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of writing, per figure and round")
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--backlog", type=int, default=10_000, help="events sealed per round")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.dev"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with services():
        _set_up()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        _bench(options)


def _set_up() -> None:
    import django

    django.setup()


def _bench(options: argparse.Namespace) -> None:
    from django.db import connection

    from compliance.audit import verifier
    from rupai.core import ids

    merchant = ids.new_key()
    with connection.cursor() as cursor:
        cursor.execute(BASELINE)
    rounds: list[tuple[float, float, float]] = []
    with ProcessPoolExecutor(options.writers, mp_context=get_context("spawn"), initializer=_set_up) as pool:
        _chain_rate(pool, merchant, options.writers, 0.5)
        for number in range(options.rounds):
            chained = _chain_rate(pool, merchant, options.writers, options.seconds)
            through = _through_rate(pool, merchant, options.writers, options.seconds)
            sealed = _seal_rate(merchant, options.backlog)
            rounds.append((chained, through, sealed))
            print(f"round {number + 1}: {chained:.0f} in transaction, {through:.0f} end to end, {sealed:.0f} sealing")
    chained, through, sealed = (statistics.median(figures) for figures in zip(*rounds, strict=True))
    print(f"{'':>15} {'events/s':>9} {'ratio':>6}\n{'in transaction':>15} {chained:>9.0f} {1:>6.1f}")
    print(f"{'end to end':>15} {through:>9.0f} {through / chained:>6.1f}")
    print(f"{'sealing':>15} {sealed:>9.0f} {sealed / chained:>6.1f}   (goals: 5000 events/s, ratio 20)")
    verdict = next(verifier.verify(merchant_id=merchant))
    print(f"chain of {verdict.entries} entries: {verdict.fault or 'verified'}")


def _chain_rate(pool: ProcessPoolExecutor, merchant: UUID, writers: int, seconds: float) -> float:
    futures = [pool.submit(chain_in_transactions, merchant, seconds) for _ in range(writers)]
    return sum(future.result() for future in futures) / seconds


def _through_rate(pool: ProcessPoolExecutor, merchant: UUID, writers: int, seconds: float) -> float:
    """Events that writers committed and the sequencer sealed, over the time until the last was sealed."""
    from compliance.audit import sequencer

    started, sealed = time.perf_counter(), 0
    futures: list[Future[int]] = [pool.submit(emit_in_transactions, merchant, seconds) for _ in range(writers)]
    while not all(future.done() for future in futures):
        sealed += sequencer.sequence()
        time.sleep(0.02)
    written = sum(future.result() for future in futures)
    while sealed < written:
        sealed += sequencer.sequence()
    return written / (time.perf_counter() - started)


def _seal_rate(merchant: UUID, backlog: int) -> float:
    """Seal a backlog that was written beforehand, e.g. after the sequencer was down."""
    from compliance.audit import sequencer
    from rupai.core import clock
    from rupai.core.models import Event

    rows = [Event(**_event(merchant), created_at=clock.now()) for _ in range(backlog)]
    Event.objects.bulk_create(rows, batch_size=1000)
    started, sealed = time.perf_counter(), 0
    while sealed < backlog:
        sealed += sequencer.sequence(limit=backlog - sealed)
    return backlog / (time.perf_counter() - started)


def emit_in_transactions(merchant: UUID, seconds: float) -> int:
    """Write events as the house does, one a transaction; tell how many."""
    from rupai.core import clock
    from rupai.core.models import Event

    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        Event.objects.create(**_event(merchant), created_at=clock.now())
        count += 1
    return count


def chain_in_transactions(merchant: UUID, seconds: float) -> int:
    """Write events with their audit entry in the same transaction, one a transaction; tell how many."""
    from django.db import connection, transaction

    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        with transaction.atomic(), connection.cursor() as cursor:
            _chain_one(cursor, merchant)
        count += 1
    return count


def _chain_one(cursor: Any, merchant: UUID) -> None:
    from psycopg.types.json import Jsonb

    from compliance.audit import content
    from rupai.core import clock, ids

    cursor.execute(
        "INSERT INTO bench_head VALUES (%s, 0, %s) ON CONFLICT (merchant_id) DO NOTHING", [merchant, content.FIRST]
    )
    cursor.execute("SELECT seq, hash FROM bench_head WHERE merchant_id = %s FOR UPDATE", [merchant])
    seq, before = cursor.fetchone()
    key, now, number = ids.new_key(), clock.now(), seq + 1
    subject = str(DATA["id"])
    cursor.execute(INSERT, [key, merchant, now, subject, Jsonb(DATA), Jsonb(CHANGES), number, number])
    data, changes, xid, inserted = cursor.fetchone()
    event = content.Sealed(
        key, merchant, False, now, "payment.captured", "payment", subject, data, changes, "key_bench", "", xid, inserted
    )
    found = content.entry_hash(event, seq=number, position=number, prev_hash=before, at=now)
    cursor.execute(
        "INSERT INTO bench_entry (event_id, merchant_id, livemode, seq, prev_hash, hash, at) "
        "VALUES (%s, %s, false, %s, %s, %s, %s)",
        [key, merchant, number, before, found, now],
    )
    cursor.execute("UPDATE bench_head SET seq = %s, hash = %s WHERE merchant_id = %s", [number, found, merchant])


def _event(merchant: UUID) -> dict[str, Any]:
    return {
        "merchant_id": merchant,
        "livemode": False,
        "type": "payment.captured",
        "subject_type": "payment",
        "subject_id": DATA["id"],
        "data": DATA,
        "changes": CHANGES,
        "actor": "key_bench",
    }


if __name__ == "__main__":
    main()
