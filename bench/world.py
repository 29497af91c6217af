"""Fill a database with payments by COPY, for measuring screens at a size: ``python -m bench.world --payments 1000000``.

Everything that the services would have written is there, in one transaction: attempts, decisions, history, captures,
refunds, the ledger with its counters, and events that are numbered and chained. Foreign keys are dropped for the load
and checked as a whole when they come back; ``manage.py check_invariants`` proves the rest. It is for databases of its
own: while it runs, nobody else can number events.
"""

import argparse
import os
import random
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

CHUNK = 5_000
PEOPLE = 200
TABLES = [
    "core_event",
    "compliance_auditentry",
    "payments_payment",
    "payments_attempt",
    "payments_capture",
    "payments_refund",
    "payments_history",
    "payments_riskdecision",
    "payments_routedecision",
    "wallets_transfer",
    "wallets_hold",
]
CURRENCIES = ("INR", "INR", "USD", "INR", "EUR", "JPY")


def main() -> None:
    """Load a world and tell how fast."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=100_000)
    parser.add_argument("--merchants", type=int, default=20)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.dev")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    began = time.perf_counter()
    rows = load(payments=options.payments, merchants=options.merchants, days=options.days, seed=options.seed)
    took = time.perf_counter() - began
    print(f"{options.payments} payments, {rows} rows in {took:.1f} s: {rows / took:.0f} rows/s")


def load(*, payments: int, merchants: int = 20, days: int = 90, seed: int = 1, end: datetime | None = None) -> int:
    """Load so many payments of the last ``days`` before ``end``; give the number of rows that were copied."""
    from django.db import connection, transaction

    from bench.world_books import Sheets
    from bench.world_story import Story
    from compliance.audit import sequencer
    from rupai.core import clock, locks

    until = end or clock.now()
    start = until - timedelta(days=days)
    with clock.at(start):
        houses = [_house(number, seed) for number in range(merchants)]
    # What was written until now gets its numbers first.
    while sequencer.sequence():
        pass
    with transaction.atomic():
        if not locks.try_single_writer("compliance.sequencer"):
            raise SystemExit("Somebody else numbers events in this database; stop its workers first.")
        with connection.cursor() as cursor:
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "lock_timeout"):
                cursor.execute(f"SET LOCAL {name} = 0")
            cursor.execute("SET LOCAL rupai.ledger = 'posting'")
        keys = _drop_foreign_keys()
        story = Story(houses, Sheets(random.Random(seed)), start=start, end=until)
        rows = _copy_all(story, payments)
        story.books.close()
        story.log.close()
        _restore(keys)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return rows


def _house(number: int, seed: int) -> Any:
    """A merchant with a provider account, its accounts in the ledger, and customers with a saved method each."""
    from bench.world_books import as_json
    from bench.world_story import House
    from payments.models import ProviderAccount
    from payments.routing.policy import Candidate
    from payments.services import accounts
    from rupai.accounts.models import Merchant
    from rupai.core import clock
    from wallets.services.ledger import chart_accounts

    name = f"World {seed} House {number + 1}"
    currency = CURRENCIES[number % len(CURRENCIES)]
    merchant = Merchant.objects.create(name=name, currency=currency, created_at=clock.now())
    accounts.add_sandbox(merchant.pk)
    account = ProviderAccount.objects.filter(merchant_id=merchant.pk, provider="sandbox").get()
    candidate = Candidate(account.public_id, account.provider, account.name, True, 1.0, f"priority {account.priority}")
    chart = chart_accounts(merchant_id=merchant.pk, livemode=False, currency=currency)
    return House(merchant, account, _people(merchant), chart, as_json([asdict(candidate)]))


def _people(merchant: Any) -> list[Any]:
    from payments.models import PaymentMethod
    from rupai.accounts.models import Customer
    from rupai.core import clock

    now = clock.now()
    common = {"merchant_id": merchant.pk, "livemode": False, "created_at": now}
    people = [Customer(**common, updated_at=now) for _ in range(PEOPLE)]
    for number, person in enumerate(people):
        person.set_person({"name": f"Payer {number + 1}", "email": f"payer{number + 1}@{merchant.pk.hex[-8:]}.example"})
    Customer.objects.bulk_create(people)
    kinds = ("card", "card", "upi", "netbanking") if merchant.currency == "INR" else ("card",)
    methods = []
    for number, person in enumerate(people):
        kind = kinds[number % len(kinds)]
        card = {"brand": "visa", "last4": "4242", "country": "IN"} if kind == "card" else {}
        token = {"card": b"tok_visa"}.get(kind, f"tok_{kind}".encode())
        methods.append(PaymentMethod(**common, customer=person, type=kind, provider="sandbox", token=token, **card))
    PaymentMethod.objects.bulk_create(methods)
    return [(method, method.customer_public_id, method.public_id) for method in methods]


def _copy_all(story: Any, payments: int) -> int:
    """Tell the story while another thread copies what was told before."""
    from django.db import connection

    # The driver's own connection: Django's would refuse another thread, though only one works with it at a time.
    raw = connection.connection
    rows = 0
    with ThreadPoolExecutor(1) as writer:
        running: Future[int] | None = None
        for number in story.tell(payments):
            if number % CHUNK == 0:
                rows += running.result() if running else 0
                print(f"{number} payments", file=sys.stderr)
                running = writer.submit(_copy, raw, story.sheets.take())
        rows += running.result() if running else 0
    return rows + _copy(raw, story.sheets.take())


def _copy(raw: Any, sheets: dict[str, list[str]]) -> int:
    with raw.cursor() as cursor:
        for table, lines in sheets.items():
            with cursor.copy(f"COPY {table} ({_columns(table)}) FROM STDIN") as copy:
                copy.write("\n".join(lines) + "\n")
    return sum(map(len, sheets.values()))


def _columns(table: str) -> str:
    from django.apps import apps
    from django.db.models import AutoField

    [model] = [found for found in apps.get_models() if found._meta.db_table == table]
    return ", ".join(str(field.column) for field in model._meta.concrete_fields if not isinstance(field, AutoField))


def _drop_foreign_keys() -> list[tuple[str, str, str]]:
    """Drop the foreign keys of the tables to be filled; give what is needed to make them again."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND conrelid = ANY (%s::regclass[]::oid[])",
            [TABLES],
        )
        found = list(cursor.fetchall())
        for table, name, _ in found:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    return found


def _restore(keys: list[tuple[str, str, str]]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        for table, name, definition in keys:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


if __name__ == "__main__":
    main()
