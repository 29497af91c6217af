"""POST payment beside pgbench TPC-B on the same cluster, interleaved: ``python -m bench.payments``.

The request is the whole path: key, throttle, idempotency claim, score, route, intent, acquirer over HTTP, outcome,
ledger, events, stored answer. The load generator and the sandbox acquirer share the machine with the server, so the
CPU column (server process alone) says more than the rate.
"""

import argparse
import itertools
import json
import os
import secrets
import shutil
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from bench.load import Load, run
from bench.services import services

CONNECTIONS = (1, 8, 32)
CUSTOMERS = 50


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--scale", type=int, default=50, help="pgbench -s")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.dev"
    os.environ.setdefault("RUPAI_REQUESTS_PER_MINUTE", "100000000")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with services() as folder:
        _bench(folder, options)


def _bench(folder: Path, options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tests.live import running

    call_command("migrate", verbosity=0)
    baseline = _Pgbench(options.scale)
    with running(folder) as stack:
        stack.start_sandbox()
        requests = _requests(stack.web_port)
        server = stack.start_web(DJANGO_SETTINGS_MODULE="rupai.settings.dev")
        results: dict[int, list[tuple[Load, float, float]]] = defaultdict(list)
        run(port=stack.web_port, connections=4, seconds=2, request=lambda: next(requests))
        for number in range(options.rounds):
            for connections in CONNECTIONS:
                before = _cpu(server.pid)
                load = run(
                    port=stack.web_port,
                    connections=connections,
                    seconds=options.seconds,
                    request=lambda: next(requests),
                )
                cpu = (_cpu(server.pid) - before) / max(1, len(load.seconds)) * 1000
                results[connections].append((load, cpu, baseline.tps(connections, options.seconds)))
                print(f"round {number + 1}, {connections} connections: {load.rate:.0f}/s", file=sys.stderr)
        _print(results)
    call_command("check_invariants")


def _requests(port: int) -> "itertools.chain[bytes]":
    """Endless requests with fresh idempotency keys, spread over customers."""
    from payments.tests.factories import Shop, new_customer, new_method
    from rupai.accounts.services.keys import create_key

    shop = Shop()
    key = create_key(actor=shop.actor, name="bench", scopes=["payments:write"]).secret
    bodies = []
    for _ in range(CUSTOMERS):
        customer = new_customer(shop.actor)
        wish = {
            "amount": 10_000,
            "currency": "INR",
            "method": "card",
            "customer_id": customer.public_id,
            "payment_method_token": new_method(shop.actor, customer).public_id,
        }
        bodies.append(json.dumps(wish).encode())

    def build(body: bytes) -> bytes:
        head = (
            f"POST /api/v1/payments HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: bench-{secrets.token_hex(12)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return itertools.chain.from_iterable(map(build, bodies) for _ in itertools.count())


class _Pgbench:
    """TPC-B on tables of its own in the same database."""

    def __init__(self, scale: int) -> None:
        self.url = os.environ["DATABASE_URL"]
        candidates = [shutil.which("pgbench"), *map(str, Path("/usr/lib/postgresql").glob("*/bin/pgbench"))]
        self.program = next((found for found in candidates if found), None)
        if self.program is None:
            print("pgbench is not installed (Debian: postgresql-contrib); its column stays empty", file=sys.stderr)
            return
        subprocess.run([self.program, "-i", "-q", "-s", str(scale), self.url], check=True, capture_output=True)

    def tps(self, clients: int, seconds: float) -> float:
        """Transactions a second at so many clients."""
        if self.program is None:
            return float("nan")
        command = [
            self.program,
            "-n",
            "-M",
            "prepared",
            "-c",
            str(clients),
            "-j",
            "2",
            "-T",
            str(round(seconds)),
            self.url,
        ]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return next(float(line.split()[2]) for line in shown.splitlines() if line.startswith("tps"))


def _cpu(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _print(results: dict[int, list[tuple[Load, float, float]]]) -> None:
    print("connections   POST/s   p50 ms   p95 ms   CPU ms   TPC-B/s  ratio  answers")
    for connections, rounds in results.items():
        rate = statistics.median(load.rate for load, _, _ in rounds)
        tps = statistics.median(tps for _, _, tps in rounds)
        statuses = sum((load.statuses for load, _, _ in rounds), start=type(rounds[0][0].statuses)())
        print(
            f"{connections:>11} {rate:>8.0f}"
            f" {statistics.median(load.quantile(0.5) for load, _, _ in rounds):>8.1f}"
            f" {statistics.median(load.quantile(0.95) for load, _, _ in rounds):>8.1f}"
            f" {statistics.median(cpu for _, cpu, _ in rounds):>8.2f} {tps:>9.0f} {rate / tps:>6.3f}  {dict(statuses)}"
        )


if __name__ == "__main__":
    main()
