"""Statement pages over HTTP of a wallet with few and with many entries: ``python -m bench.statements [--quick]``.

Both wallets are filled by the ledger's own function, in arrays; then the console's statement page and the REST
statement are asked for, first page and one in the middle of the entries, in turns. The goal is that many entries cost
at most three times what few cost. Web server, database and caller share the machine; the invariants run at the end.
"""

import argparse
import os
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.services import services

if TYPE_CHECKING:
    from tests.live import Stack
    from wallets.models import Wallet

FEW, GOAL, ARRAY, DAYS = 10_000, 3.0, 250, 90
# In arrays, money comes in and half of it goes out again, so that the balance never falls below zero.
# Keys grow, as those of the services do.
FILL = """
WITH new AS (
    SELECT ('01a20000-0000-7' || lpad(to_hex(%(first)s::bigint + number), 19, '0'))::uuid AS id, number & 1 = 1 AS comes
    FROM generate_series(1, %(size)s) number
)
SELECT (wallets_post(%(at)s, array_agg(id ORDER BY id),
    array_agg(CASE WHEN comes THEN %(inflow)s ELSE %(wallet)s END::uuid ORDER BY id),
    array_agg(CASE WHEN comes THEN %(wallet)s ELSE %(outflow)s END::uuid ORDER BY id),
    array_agg(CASE WHEN comes THEN 100 ELSE 50 END::bigint ORDER BY id),
    array_agg('00000000-0000-0000-0000-000000000000'::uuid), array_agg(0::bigint), array_agg(-1),
    array_agg(CASE WHEN comes THEN 'top_up' ELSE 'wallet_payment' END ORDER BY id), array_agg(0),
    array_agg('pay_0351ggHX7jlrBr1d4iUMZL'::text))).results FROM new
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """A wallet with so many entries, and the key of its merchant."""

    wallet: "Wallet"
    entries: int
    key: str


def main() -> None:
    """Load, measure, print the table, and fail when a goal is missed or the books are not clean."""
    parser = argparse.ArgumentParser(prog="python -m bench.statements", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="100,000 entries for many, and fewer rounds")
    parser.add_argument("--rounds", type=int, help="requests of each page (60, quick 20)")
    options = parser.parse_args()
    many, rounds = (100_000, 20) if options.quick else (1_000_000, 60)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.test"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with services() as folder:
        sys.exit(0 if _bench(folder, many, options.rounds or rounds) else 1)


def _bench(folder: Path, many: int, rounds: int) -> bool:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.e2e import world
    from tests.live import running

    call_command("migrate", verbosity=0)
    world.only_people()
    filled = [_fill(FEW), _fill(many)]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    with running(folder) as stack:
        stack.start_web()
        good = _compare(stack, filled, rounds)
    return _clean() and good


def _fill(entries: int) -> Filled:
    """Open a wallet of an own merchant and fill it with entries of the last 90 days."""
    from django.db import connection

    from rupai.accounts.tests.factories import new_key
    from rupai.core import clock
    from wallets.services.accounts import chart_accounts
    from wallets.tests.factories import Purse

    now = clock.now()
    start = now - timedelta(days=DAYS)
    with clock.at(start):
        purse = Purse()
        wallet = purse.wallet()
        chart = chart_accounts(merchant_id=purse.merchant.pk, livemode=False, currency="INR")
    sides = {"wallet": wallet.account_id, "inflow": chart.provider_clearing, "outflow": chart.merchant_payable}
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        for number in range(entries // ARRAY):
            at = start + timedelta(days=DAYS) * (number * ARRAY / entries)
            cursor.execute(FILL, {**sides, "at": at, "size": ARRAY, "first": entries * 10 + number * ARRAY})
            [results] = cursor.fetchone()
            assert set(results) == {"created"}, results
        cursor.execute("RESET synchronous_commit")
    print(f"{entries:,} entries in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return Filled(wallet, entries, new_key(purse.merchant).secret)


def _pages(filled: Filled, cookies: str) -> dict[str, tuple[str, dict[str, str]]]:
    """The address and headers of each page; the deep ones begin in the middle of the entries."""
    from django.urls import reverse

    from rupai.api.pagination import page_of, place_of
    from rupai.core.actor import Actor
    from wallets.models import Entry, Wallet
    from wallets.selectors import position_of

    wallet = Wallet.objects.select_related("account").get(pk=filled.wallet.pk)
    older = Entry.objects.filter(account_id=wallet.account_id, shard=0, version__lte=filled.entries // 2)
    middle = older.order_by("-created_at", "-version")[0]
    console = reverse("admin:wallet_statement", args=[wallet.account.public_id])
    moment, shard, version = position_of(middle)
    deep = urlencode({"before": f"{moment.isoformat()}~{shard}~{version}"})
    rest = f"/api/v1/wallets/{wallet.public_id}/statement"
    actor = Actor("key", "key_bench", wallet.merchant_id, wallet.livemode, frozenset())
    cursor = page_of(older, place=place_of(actor, rest, {}), limit=1, tie="version").next_cursor
    person, caller = {"Cookie": cookies}, {"Authorization": f"Bearer {filled.key}"}
    return {
        "console, first page": (console, person),
        "console, deep page": (f"{console}?{deep}", person),
        "REST, first page": (rest, caller),
        "REST, deep page": (f"{rest}?{urlencode({'cursor': cursor})}", caller),
    }


def _compare(stack: "Stack", filled: list[Filled], rounds: int) -> bool:
    from bench.console import _session

    cookies = _session()
    pages = [_pages(one, cookies) for one in filled]
    times: dict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    # The first rounds fill caches and do not count.
    for number in range(-3, rounds):
        for name in pages[0]:
            for place, own in enumerate(pages):
                took = _ask(stack, *own[name])
                if number >= 0:
                    times[name][place].append(took)
    return _print(times, filled)


def _ask(stack: "Stack", path: str, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    answer = stack.http.request("GET", stack.url + path, headers=headers, timeout=30.0)
    took = (time.perf_counter() - began) * 1000
    assert answer.status == 200, f"{path} answers {answer.status}"
    return took


def _print(times: dict[str, tuple[list[float], list[float]]], filled: list[Filled]) -> bool:
    few, many = (f"{one.entries:,}" for one in filled)
    print(f"\nMedian ms{'':<15} {few:>10} {many:>10}   ratio (goal at most {GOAL:.0f}x)")
    passed = True
    for name, (least, most) in times.items():
        ratio = statistics.median(most) / statistics.median(least)
        passed = passed and ratio <= GOAL
        mark = "" if ratio <= GOAL else " !"
        print(f"{name:<24} {statistics.median(least):>10.1f} {statistics.median(most):>10.1f} {ratio:>6.2f}x{mark}")
    return passed


def _clean() -> bool:
    """Run every invariant over what was loaded."""
    from rupai.core.invariants import registered

    broken = {rule.name: lines for rule in registered() if (lines := rule.check())}
    print(f"invariants: {broken or 'clean'}")
    return not broken


if __name__ == "__main__":
    main()
