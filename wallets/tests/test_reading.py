"""Who sees which accounts, and what a balance means."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from wallets.models import Account
from wallets.selectors import accounts, balance_at, balance_of, balances_of, statement, transfers
from wallets.services.accounts import Chart, chart_accounts
from wallets.services.ledger import pending, post_transfers
from wallets.tests.conftest import NOON, transfer

pytestmark = pytest.mark.django_db


def test_an_actor_sees_the_rows_of_its_merchant_and_mode_only(chart: Chart, actor: Actor) -> None:
    rehearsal = chart_accounts(merchant_id=chart.merchant_id, livemode=False, currency="INR")
    stranger = chart_accounts(merchant_id=ids.new_key(), livemode=True, currency="INR")
    for each in (chart, rehearsal, stranger):
        post_transfers(transfers=[transfer(each.provider_clearing, each.merchant_payable, 1_00)], at=NOON)
    assert {row.merchant_id for row in accounts(actor=actor)} == {chart.merchant_id}
    assert all(row.livemode for row in accounts(actor=actor))
    assert [row.ledger for row in transfers(actor=actor)] == [356]
    for other in (rehearsal, stranger):
        with pytest.raises(NotFound):
            statement(actor=actor, account=ids.public_id("acc", other.merchant_payable))


def test_balances_are_positive_on_the_normal_side_of_the_account(chart: Chart) -> None:
    held = pending(transfer(chart.merchant_payable, chart.provider_clearing, 30_00, kind="refund"))
    post_transfers(transfers=[transfer(chart.provider_clearing, chart.merchant_payable, 100_00), held], at=NOON)
    payable, clearing = balance_of(chart.merchant_payable), balance_of(chart.provider_clearing)
    assert (payable.posted, payable.pending, payable.available) == (100_00, 30_00, 70_00)
    assert (clearing.posted, clearing.pending, clearing.available) == (100_00, 30_00, 70_00)


def test_unknown_accounts_have_nothing(chart: Chart) -> None:
    unknown = ids.new_key()
    assert list(balances_of([chart.bank, unknown])) == [chart.bank]
    assert balance_of(unknown).posted == 0


def test_the_balance_of_a_wallet_at_a_moment(chart: Chart, wallet: UUID) -> None:
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 50_00)], at=NOON)
    post_transfers(transfers=[transfer(wallet, chart.merchant_payable, 20_00)], at=NOON + timedelta(hours=1))
    account = Account.objects.get(pk=wallet)
    assert balance_at(account, NOON - timedelta(seconds=1)).posted == 0
    assert balance_at(account, NOON).posted == 50_00
    assert balance_at(account, NOON + timedelta(hours=2)).posted == 30_00


def test_an_account_never_goes_back_in_time(chart: Chart, wallet: UUID) -> None:
    late = NOON + timedelta(seconds=3)
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 50_00)], at=late)
    behind = transfer(wallet, chart.merchant_payable, 20_00)
    post_transfers(transfers=[behind], at=NOON)
    assert balance_at(Account.objects.get(pk=wallet), late).posted == 30_00
    assert balance_at(Account.objects.get(pk=wallet), late - timedelta(seconds=1)).posted == 0


def test_a_statement_is_read_from_the_index_however_long_it_is(chart: Chart, wallet: UUID, actor: Actor) -> None:
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, amount) for amount in range(1, 301)], at=NOON)
    lines = statement(actor=actor, account=ids.public_id("acc", wallet), limit=3)
    assert [(line.entry.amount, line.posted) for line in lines] == [(300, 45_150), (299, 44_850), (298, 44_551)]
    with connection.cursor() as cursor:
        # A test's few rows are read at once; the plan for many is what matters.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT * FROM wallets_entry e WHERE account_id = %s AND shard = 0 "
            "ORDER BY created_at DESC, version DESC LIMIT 3",
            [wallet],
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Merge Append" in plan
    assert "transfer_debits" in plan
    assert "transfer_credits" in plan
