"""A hot account keeps several rows of counters; whoever reads it sees one account."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction

from rupai.core import ids
from rupai.core.actor import Actor
from wallets.errors import AccountClosed
from wallets.models import Counters, Transfer
from wallets.selectors import balance_at, balance_of, position_of, statement
from wallets.services.accounts import HOT_SHARDS, Chart
from wallets.services.ledger import ALL, NewTransfer, pending, post_pending, post_transfers, void_pending
from wallets.states import TransferFlag
from wallets.tests.conftest import NOON, transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@contextmanager
def another_shard() -> Iterator[None]:
    """Go on with a connection that posts to another shard."""
    before = home()
    for _ in range(10 * HOT_SHARDS):
        connection.close()
        if home() != before:
            break
    assert home() != before
    yield


def home() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() %% %s", [HOT_SHARDS])
        return int(cursor.fetchone()[0])


def post(*transfers: NewTransfer, minutes: int = 0) -> None:
    with transaction.atomic():
        post_transfers(transfers=transfers, at=NOON + timedelta(minutes=minutes))


def capture(chart: Chart, amount: int) -> NewTransfer:
    return transfer(chart.provider_clearing, chart.merchant_payable, amount)


def test_two_connections_post_to_two_rows_and_the_balance_is_their_sum(chart: Chart) -> None:
    post(capture(chart, 100_00))
    with another_shard():
        post(capture(chart, 50_00))
    used = Counters.objects.filter(account_id=chart.merchant_payable, version__gt=0)
    assert sorted(used.values_list("credits_posted", flat=True)) == [50_00, 100_00]
    assert balance_of(chart.merchant_payable).posted == 150_00
    assert balance_of(chart.provider_clearing).posted == 150_00


def test_a_hold_is_resolved_on_its_own_shard_from_any_connection(chart: Chart) -> None:
    held = pending(transfer(chart.merchant_payable, chart.provider_clearing, 30_00, kind="refund"))
    post(capture(chart, 100_00), held)
    with another_shard():
        post(post_pending(held.id, key=ids.new_key()))
    rows = Transfer.objects.filter(kind="refund").values_list("debit_shard", "credit_shard").distinct()
    assert len(rows) == 1
    balance = balance_of(chart.merchant_payable)
    assert (balance.posted, balance.pending) == (70_00, 0)


def test_a_balancing_transfer_takes_what_is_on_all_shards(chart: Chart) -> None:
    post(capture(chart, 100_00))
    with another_shard():
        post(capture(chart, 50_00))
        everything = NewTransfer(
            id=ids.new_key(),
            debit_account=chart.merchant_payable,
            credit_account=chart.bank,
            amount=ALL,
            kind="payout",
            flags=TransferFlag.BALANCING_DEBIT,
        )
        post(everything)
    assert Transfer.objects.get(pk=everything.id).amount == 150_00
    assert balance_of(chart.merchant_payable).posted == 0


def test_a_closed_hot_account_is_closed_for_every_connection_until_it_is_reopened(chart: Chart) -> None:
    closing = NewTransfer(
        id=ids.new_key(),
        debit_account=chart.merchant_payable,
        credit_account=chart.suspense,
        kind="close",
        flags=TransferFlag.PENDING | TransferFlag.CLOSING_DEBIT,
    )
    post(closing)
    assert balance_of(chart.merchant_payable).closed
    with another_shard(), pytest.raises(AccountClosed):
        post(capture(chart, 1_00))
    with another_shard():
        post(void_pending(closing.id, key=ids.new_key()))
    assert not balance_of(chart.merchant_payable).closed
    post(capture(chart, 1_00))
    assert balance_of(chart.merchant_payable).posted == 1_00


def test_a_statement_runs_through_all_shards_in_the_order_of_time(chart: Chart, actor: Actor) -> None:
    for minute, amount in enumerate([100_00, 20_00, 3_00, 400_00]):
        with another_shard():
            post(capture(chart, amount), minutes=minute)
    account = ids.public_id("acc", chart.merchant_payable)
    lines = statement(actor=actor, account=account)
    assert [(line.entry.amount, line.posted) for line in lines] == [
        (400_00, 523_00),
        (3_00, 123_00),
        (20_00, 120_00),
        (100_00, 100_00),
    ]
    first = statement(actor=actor, account=account, limit=2)
    second = statement(actor=actor, account=account, limit=2, before=position_of(first[-1].entry))
    assert [line.posted for line in first + second] == [523_00, 123_00, 120_00, 100_00]


def test_the_balance_at_a_moment_adds_up_all_shards(chart: Chart, actor: Actor) -> None:
    from wallets.models import Account

    for minute, amount in enumerate([100_00, 20_00, 3_00]):
        with another_shard():
            post(capture(chart, amount), minutes=minute)
    account = Account.objects.get(pk=chart.merchant_payable)
    moments = [timedelta(seconds=-1), timedelta(0), timedelta(seconds=90), timedelta(hours=1)]
    assert [balance_at(account, NOON + moment).posted for moment in moments] == [0, 100_00, 120_00, 123_00]
