"""The database itself refuses what would falsify the books, whoever asks."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from rupai.core import ids
from wallets.models import Account, BurntId, Counters, Entry, Hold, Transfer
from wallets.selectors import balance_of
from wallets.services.accounts import Chart
from wallets.services.ledger import pending, post_pending, post_transfers
from wallets.tests.conftest import NOON, transfer

pytestmark = pytest.mark.django_db

ROW = (
    "INSERT INTO wallets_transfer SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM wallets_transfer t "
    "WHERE t.id = (SELECT id FROM wallets_transfer LIMIT 1)"
)


@pytest.fixture(autouse=True)
def posted(chart: Chart) -> UUID:
    new = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    post_transfers(transfers=[new], at=NOON)
    return new.id


def refused(statement: str, *parameters: str | UUID) -> str:
    with pytest.raises(DatabaseError) as problem, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
    return str(problem.value)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wallets_transfer SET amount = 1",
        "DELETE FROM wallets_transfer",
        "UPDATE wallets_transfer SET amount = 1 WHERE false",
        "UPDATE wallets_account SET shards = 2",
        "DELETE FROM wallets_account",
        "UPDATE wallets_counters SET credits_posted = credits_posted + 1",
        "DELETE FROM wallets_counters",
        "UPDATE wallets_hold SET state = 'voided'",
        "DELETE FROM wallets_hold",
        "UPDATE wallets_burntid SET result = 'created'",
        "DELETE FROM wallets_burntid",
        "INSERT INTO wallets_burntid VALUES (gen_random_uuid(), 'exceeds_credits', now())",
    ],
)
def test_what_was_written_stays(statement: str) -> None:
    assert "append-only" in refused(statement)
    assert Transfer.objects.get().amount == 100_00


@pytest.mark.parametrize("statement", ["UPDATE wallets_entry SET amount = 1", "DELETE FROM wallets_entry"])
def test_entries_are_the_two_sides_of_a_transfer_and_cannot_be_touched(statement: str) -> None:
    assert "wallets_entry" in refused(statement)
    assert Entry.objects.count() == 2


def test_an_entry_without_its_other_half_cannot_be_written(chart: Chart) -> None:
    assert "wallets_entry" in refused(
        "INSERT INTO wallets_entry (id, account_id, amount) VALUES (gen_random_uuid(), %s, 5)", chart.bank
    )


@pytest.mark.parametrize(
    "table", ["wallets_transfer", "wallets_counters", "wallets_account", "wallets_hold", "wallets_burntid"]
)
def test_the_books_are_emptied_only_where_that_is_allowed_out_loud(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL rupai.truncate = ''")
    assert "append-only" in refused(f"TRUNCATE {table} CASCADE")
    assert Transfer.objects.exists()


def test_transfers_are_written_by_the_ledger_alone() -> None:
    assert "append-only" in refused(ROW, '{"id": "00000000-0000-7000-8000-000000000001"}')
    assert Transfer.objects.count() == 1


def test_a_negative_amount_is_refused_even_through_the_gate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.ledger = 'posting'")
    values = '{"id": "00000000-0000-7000-8000-000000000001", "amount": -1}'
    assert "transfer_moves_forward" in refused(ROW, values)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE wallets_hold SET state = 'voided'",
        "UPDATE wallets_hold SET state = 'pending', resolved_by_id = NULL",
        "UPDATE wallets_hold SET expires_at = now()",
        "DELETE FROM wallets_hold",
    ],
)
def test_a_hold_that_ended_stays_so_even_through_the_gate(chart: Chart, statement: str) -> None:
    held = pending(transfer(chart.merchant_payable, chart.provider_clearing, 30_00, kind="refund"))
    post_transfers(transfers=[held, post_pending(held.id, key=ids.new_key())], at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.ledger = 'posting'")
    assert "append-only" in refused(statement)
    assert Hold.objects.get().state == "posted"


def test_a_burnt_id_stays_burnt_even_through_the_gate(chart: Chart, wallet: UUID) -> None:
    new = transfer(wallet, chart.merchant_payable, 1)
    assert post_transfers(transfers=[new], at=NOON, refuse=False)[0].result == "exceeds_credits"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.ledger = 'posting'")
    assert "append-only" in refused("DELETE FROM wallets_burntid")
    assert BurntId.objects.get().pk == new.id


def test_limits_hold_even_through_the_gate(wallet: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.ledger = 'posting'")
    assert "counters_within_limits" in refused(
        "UPDATE wallets_counters SET debits_posted = 1 WHERE account_id = %s", wallet
    )
    assert "counters_within_limits" in refused(
        "UPDATE wallets_counters SET debits_posted = -1 WHERE account_id = %s", wallet
    )
    assert balance_of(wallet).posted == 0


def test_the_gate_closes_behind_every_posting() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('rupai.ledger', true)")
        assert cursor.fetchone()[0] in (None, "")


def test_an_account_with_a_limit_cannot_be_sharded(chart: Chart, merchant: UUID) -> None:
    account = Account(
        merchant_id=merchant, livemode=True, created_at=NOON, ledger=356, currency="INR", code=4, flags=2, shards=4
    )
    with pytest.raises(IntegrityError, match="account_limited_unsharded"), transaction.atomic():
        account.save(force_insert=True)
    assert not Counters.objects.filter(account_id=account.pk).exists()
