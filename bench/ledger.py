"""The ledger beside pgbench TPC-B on the same cluster, interleaved: ``python -m bench.ledger [--quick]``.

Every round runs each workload once, one after the other, so that all of them see the same machine; the table shows
medians over the rounds and, because a machine is never the same for two minutes, medians of the ratio within a round.
``single`` posts one transfer per transaction between two random accounts, ``hot`` between a random account and always
the same one, with one row of counters (naive) or 16 (sharded), ``arrays`` many transfers with one call. The service
rows go through Django: ``post_transfers`` alone, or ``transfer_funds`` with all that a request does around it (checks,
event, idempotency key, stored answer). All others call the SQL function from pgbench.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.ledger_books import ACCOUNTS, NAIVE, SHARDED, check, open_accounts, read, service
from bench.ledger_service import Senders
from bench.services import services

CLIENTS = 16
DATABASE = "rupai_bench_ledger"
# Keys as UUIDv7 have them: the time in front, so that they grow; here a counter stands for the time.
FUNCTIONS = """
CREATE FUNCTION bench_account(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION bench_key(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT ('01a20000-0000-7' || lpad(to_hex(number), 19, '0'))::uuid $$;
CREATE SEQUENCE bench_keys CACHE 1000;
"""
ONE = """
\\set n :n + 1
\\set debit random(1, {accounts})
\\set credit {credit}
SELECT wallets_post(now(), ARRAY[bench_key(:n::bigint * 1000 + :client_id::bigint)],
    ARRAY[bench_account(:debit::bigint)], ARRAY[bench_account(:credit::bigint)], ARRAY[100::bigint], ARRAY[{nil}],
    ARRAY[0::bigint], ARRAY[356], ARRAY['capture'], ARRAY[0], ARRAY['pay_0351ggHX7jlrBr1d4iUMZL'])
"""
MANY = """
WITH new AS (
    SELECT bench_key(9000000000000000 + nextval('bench_keys')) AS id, d,
           (d + 1 + (random() * 5000)::bigint) % {accounts} + 1 AS c
    FROM (SELECT 1 + (random() * ({accounts} - 1))::bigint AS d FROM generate_series(1, {size})) dice
)
SELECT wallets_post(now(), array_agg(id), array_agg(bench_account(d)), array_agg(bench_account(c)),
    array_agg(100::bigint), array_agg({nil}), array_agg(0::bigint), array_agg(356), array_agg('capture'::text),
    array_agg(0),
    array_agg('pay_0351ggHX7jlrBr1d4iUMZL'::text)) FROM new
"""
NIL = "'00000000-0000-0000-0000-000000000000'::uuid"
ELSEWHERE = f"(:debit + random(0, {ACCOUNTS - 2})) % {ACCOUNTS} + 1"


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short rounds and a tenth of the rows")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, help="of each workload in a round (5, quick 2)")
    options = parser.parse_args()
    seconds = options.seconds or (2 if options.quick else 5)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.dev"
    with services(), _own_database() as url, tempfile.TemporaryDirectory() as folder:
        bench = _Bench(url, Path(folder), rounds=options.rounds, seconds=seconds)
        bench.set_up(scale=10 if options.quick else 50)
        bench.compare()
        rows = 100_000 if options.quick else 1_000_000
        bench.fill(rows)
        bench.compare_full(rows)
        read(100_000 if not options.quick else 10_000)
        check()


@contextmanager
def _own_database() -> Iterator[str]:
    home = os.environ["DATABASE_URL"]
    with psycopg.connect(home, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        os.environ["DATABASE_URL"] = make_conninfo(home, dbname=DATABASE)
        try:
            yield os.environ["DATABASE_URL"]
        finally:
            from django.db import connection as ours

            ours.close()
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
            os.environ["DATABASE_URL"] = home


class _Bench:
    """Workloads that take turns; each returns transfers (or TPC-B transactions) a second."""

    def __init__(self, url: str, folder: Path, *, rounds: int, seconds: int) -> None:
        self.url, self.folder, self.rounds, self.seconds = url, folder, rounds, seconds
        candidates = [shutil.which("pgbench"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/pgbench"))]
        self.program = next((found for found in candidates if found), None)
        if self.program is None:
            sys.exit("pgbench is not installed (Debian: postgresql-contrib)")
        self.runs = 0
        self.deadlocks = 0
        # Rates and CPU seconds per transfer of what goes through Django.
        self.served: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def set_up(self, *, scale: int) -> None:
        """Make the ledger's tables, accounts and the tables of TPC-B."""
        import django

        django.setup()
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        with connection.cursor() as cursor:
            cursor.execute(FUNCTIONS)
        open_accounts()
        self.senders = Senders()
        subprocess.run([str(self.program), "-i", "-q", "-s", str(scale), self.url], check=True, capture_output=True)
        self._vacuum()

    def compare(self) -> None:
        """Compare all workloads on fresh tables."""
        single = self._script("single", ONE.format(accounts=ACCOUNTS, credit=ELSEWHERE, nil=NIL))
        naive = self._script("naive", ONE.format(accounts=ACCOUNTS, credit=NAIVE, nil=NIL))
        sharded = self._script("sharded", ONE.format(accounts=ACCOUNTS, credit=SHARDED, nil=NIL))
        arrays = {
            size: self._script(f"a{size}", MANY.format(accounts=ACCOUNTS, size=size, nil=NIL)) for size in (100, 250)
        }
        table = self._interleave(
            {
                "TPC-B, 16 clients": lambda: self._pgbench(CLIENTS),
                "single, 16 clients": lambda: self._pgbench(CLIENTS, single),
                "hot naive, 16 clients": lambda: self._pgbench(CLIENTS, naive),
                "hot sharded, 16 clients": lambda: self._pgbench(CLIENTS, sharded),
                "arrays of 100, 1 client": lambda: 100 * self._pgbench(1, arrays[100]),
                "arrays of 250, 1 client": lambda: 250 * self._pgbench(1, arrays[250]),
                "arrays of 100, 4 clients": lambda: 100 * self._pgbench(4, arrays[100]),
                "service, arrays of 250": lambda: service(self.seconds, size=250)[0],
                "service, single": lambda: self._service("post_transfers", service(self.seconds, size=1)),
                "service, transfer_funds": lambda: self._service("transfer_funds", self.senders.send(self.seconds)),
            }
        )
        _print("Fresh tables", table, goals={"single": (1.0, 0), "hot sharded": (0.8, 1), "arrays": (4.0, 0)})
        print(f"hot account: sharded / single {_ratio(table, 'hot sharded', 'single'):.2f} (goal 0.80)")
        print(f"deadlocks: {self.deadlocks} (goal 0)")
        for name, found in self.served.items():
            # As in the table, the first round does not count.
            rate, cpu = (statistics.median(values) for values in zip(*found[1:], strict=True))
            print(f"{name}, one a transaction: {rate:.0f}/s, {cpu * 1000:.2f} ms CPU of the client each")
        print()

    def _service(self, name: str, found: tuple[float, float]) -> float:
        self.served[name].append(found)
        return found[0]

    def fill(self, rows: int) -> None:
        """Post so many transfers in arrays of 250; larger ones are slower, because they are searched through."""
        query = MANY.format(accounts=ACCOUNTS, size=250, nil=NIL)
        started = time.perf_counter()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            for _ in range(rows // 250):
                connection.execute(query)
        print(f"loaded {rows} transfers in {time.perf_counter() - started:.0f} s")
        self._vacuum()

    def compare_full(self, rows: int) -> None:
        """Compare single postings with so many transfers present."""
        single = self.folder / "single.sql"
        table = self._interleave(
            {
                "TPC-B, 16 clients": lambda: self._pgbench(CLIENTS),
                "single, 16 clients": lambda: self._pgbench(CLIENTS, single),
            }
        )
        _print(f"With {rows} transfers present", table, goals={"single": (0.8, 0)})

    def _interleave(self, workloads: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
        table: dict[str, list[float]] = defaultdict(list)
        for number in range(self.rounds + 1):
            for name, work in workloads.items():
                rate = work()
                # The first round fills caches and does not count.
                if number:
                    table[name].append(rate)
            print(f"round {number} of {self.rounds}", file=sys.stderr)
        return table

    def _script(self, name: str, text: str) -> Path:
        path = self.folder / f"{name}.sql"
        path.write_text(
            "\n".join(" ".join(part.split()) if not part.startswith("\\") else part for part in _commands(text))
        )
        return path

    def _pgbench(self, clients: int, script: Path | None = None) -> float:
        self.runs += 1
        command = [str(self.program), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(self.seconds)]
        if script:
            # Keys of one run begin after those of the runs before.
            command += ["-f", str(script), "-D", f"n={self.runs * 10**9}"]
        done = subprocess.run([*command, self.url], capture_output=True, text=True, check=False)
        self.deadlocks += done.stderr.count("deadlock detected")
        if done.returncode:
            sys.exit(f"pgbench failed: {done.stderr[-500:]}")
        return next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps"))

    def _vacuum(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT") if _may_checkpoint(connection) else None


def _commands(text: str) -> Iterator[str]:
    """The lines of a pgbench script: meta commands one a line, then one statement."""
    lines = [line for line in text.splitlines() if line.strip()]
    yield from (line for line in lines if line.startswith("\\"))
    yield " ".join(line.strip() for line in lines if not line.startswith("\\")) + ";"


def _may_checkpoint(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _print(title: str, table: dict[str, list[float]], *, goals: dict[str, tuple[float, int]]) -> None:
    base = next(iter(table.values()))
    print(f"{title:<28}   per second   / TPC-B   rounds")
    for name, values in table.items():
        ratio = statistics.median(value / other for value, other in zip(values, base, strict=True))
        goal = next(
            (f"  goal {least:.1f}" for key, (least, own) in goals.items() if name.startswith(key) and not own), ""
        )
        shown = " ".join(f"{value:.0f}" for value in values)
        print(f"{name:<28} {statistics.median(values):>12.0f} {ratio:>9.2f}   {shown}{goal}")
    print()


def _ratio(table: dict[str, list[float]], one: str, other: str) -> float:
    above, below = (next(values for name, values in table.items() if name.startswith(key)) for key in (one, other))
    return statistics.median(a / b for a, b in zip(above, below, strict=True))


if __name__ == "__main__":
    main()
