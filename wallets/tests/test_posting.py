"""Money moves once, whole, and inside the transaction of what it stands for."""

from uuid import UUID

import pytest
from django.db import transaction

from rupai.core import ids
from wallets.errors import InsufficientFunds, LedgerNeedsTransaction, TransferIdTaken, TransferRefused
from wallets.models import Account, BurntId, Entry, Transfer
from wallets.selectors import balance_of
from wallets.services.accounts import Chart, chart_accounts
from wallets.services.ledger import linked, post_transfers
from wallets.states import TransferFlag
from wallets.tests.conftest import NOON, new_wallet, transfer

pytestmark = pytest.mark.django_db


def test_a_capture_and_its_fee_are_posted_together(chart: Chart) -> None:
    gross = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    fee = transfer(chart.merchant_payable, chart.fee_revenue, 1_90, kind="fee")
    posted = post_transfers(transfers=[linked(gross), fee], at=NOON)
    assert [(one.result, one.amount) for one in posted] == [("created", 100_00), ("created", 1_90)]
    assert balance_of(chart.provider_clearing).posted == 100_00
    assert balance_of(chart.merchant_payable).posted == 98_10
    assert balance_of(chart.fee_revenue).posted == 1_90
    stored = Transfer.objects.get(pk=fee.id)
    assert (stored.kind, stored.reference) == ("fee", "pay_0000000000000000000001")
    assert (stored.merchant_id, stored.livemode, stored.created_at) == (chart.merchant_id, True, NOON)


def test_each_transfer_has_two_entries_that_carry_the_running_counters(chart: Chart) -> None:
    first = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    second = transfer(chart.provider_clearing, chart.merchant_payable, 50_00)
    post_transfers(transfers=[first, second], at=NOON)
    entries = Entry.objects.filter(account_id=chart.merchant_payable).order_by("version")
    assert [(entry.side, entry.amount, entry.credits_posted, entry.version) for entry in entries] == [
        ("credit", 100_00, 100_00, 1),
        ("credit", 50_00, 150_00, 2),
    ]
    assert Entry.objects.get(transfer_id=second.id, side="debit").counterparty_id == chart.merchant_payable
    assert Entry.objects.values("id").distinct().count() == 4


@pytest.mark.django_db(transaction=True)
def test_posting_needs_an_open_transaction(chart: Chart) -> None:
    with pytest.raises(LedgerNeedsTransaction):
        post_transfers(transfers=[transfer(chart.bank, chart.reserve, 1)], at=NOON)
    assert not Transfer.objects.exists()


def test_posting_nothing_does_nothing() -> None:
    assert post_transfers(transfers=[], at=NOON) == []


def test_a_repeated_transfer_moves_no_money_again(chart: Chart) -> None:
    once = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    post_transfers(transfers=[once], at=NOON)
    [again] = post_transfers(transfers=[once], at=NOON)
    assert (again.result, again.amount) == ("exists", 100_00)
    assert balance_of(chart.merchant_payable).posted == 100_00


def test_a_repeated_chain_is_recognised_as_a_whole(chart: Chart) -> None:
    gross = linked(transfer(chart.provider_clearing, chart.merchant_payable, 100_00))
    fee = transfer(chart.merchant_payable, chart.fee_revenue, 1_90, kind="fee")
    post_transfers(transfers=[gross, fee], at=NOON)
    again = post_transfers(transfers=[gross, fee], at=NOON)
    assert [(one.result, one.amount) for one in again] == [("exists", 100_00), ("exists", 1_90)]
    assert balance_of(chart.merchant_payable).posted == 98_10


def test_a_chain_that_grew_since_is_refused(chart: Chart) -> None:
    gross = linked(transfer(chart.provider_clearing, chart.merchant_payable, 100_00))
    fee = transfer(chart.merchant_payable, chart.fee_revenue, 1_90, kind="fee")
    post_transfers(transfers=[gross, fee], at=NOON)
    other = transfer(chart.merchant_payable, chart.fee_revenue, 5_00, kind="fee")
    with pytest.raises(TransferRefused) as refused:
        post_transfers(transfers=[gross, other], at=NOON)
    assert refused.value.details["result"] == "linked_event_failed"
    assert balance_of(chart.fee_revenue).posted == 1_90


@pytest.mark.parametrize(
    ("change", "result"),
    [
        ({"amount": 101_00}, "exists_with_different_amount"),
        ({"kind": "top_up"}, "exists_with_different_code"),
        ({"reference": "pay_0000000000000000000002"}, "exists_with_different_reference"),
        ({"flags": TransferFlag.PENDING}, "exists_with_different_flags"),
    ],
)
def test_an_id_stands_for_one_transfer(chart: Chart, change: dict[str, object], result: str) -> None:
    from dataclasses import replace

    once = transfer(chart.provider_clearing, chart.merchant_payable, 100_00)
    post_transfers(transfers=[once], at=NOON)
    with pytest.raises(TransferIdTaken) as refused:
        post_transfers(transfers=[replace(once, **change)], at=NOON)  # type: ignore[arg-type]
    assert refused.value.details == {"transfer": ids.public_id("tr", once.id), "result": result}
    assert balance_of(chart.merchant_payable).posted == 100_00
    assert not BurntId.objects.exists()


def test_a_wallet_spends_what_it_has_and_no_more(chart: Chart, wallet: UUID) -> None:
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 50_00, kind="top_up")], at=NOON)
    with pytest.raises(InsufficientFunds), transaction.atomic():
        post_transfers(transfers=[transfer(wallet, chart.merchant_payable, 50_01)], at=NOON)
    assert balance_of(wallet).available == 50_00
    assert balance_of(chart.merchant_payable).posted == 0
    post_transfers(transfers=[transfer(wallet, chart.merchant_payable, 50_00)], at=NOON)
    assert balance_of(wallet).available == 0


def test_an_overdraft_widens_the_limit_by_its_amount(chart: Chart) -> None:
    wallet = new_wallet(chart, overdraft_limit=20_00)
    assert balance_of(wallet).available == 20_00
    post_transfers(transfers=[transfer(wallet, chart.merchant_payable, 20_00)], at=NOON)
    with pytest.raises(InsufficientFunds), transaction.atomic():
        post_transfers(transfers=[transfer(wallet, chart.merchant_payable, 1)], at=NOON)
    assert balance_of(wallet).posted == -20_00


def test_a_transfer_that_failed_for_lack_of_money_never_succeeds_later(chart: Chart, wallet: UUID) -> None:
    wanted = transfer(wallet, chart.merchant_payable, 10_00)
    assert post_transfers(transfers=[wanted], at=NOON, refuse=False)[0].result == "exceeds_credits"
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 50_00)], at=NOON)
    assert post_transfers(transfers=[wanted], at=NOON, refuse=False)[0].result == "id_already_failed"
    assert balance_of(wallet).available == 50_00


def test_test_money_never_meets_live_money(chart: Chart) -> None:
    rehearsal = chart_accounts(merchant_id=chart.merchant_id, livemode=False, currency="INR")
    assert (chart.ledger, rehearsal.ledger) == (356, 1356)
    with pytest.raises(TransferRefused) as refused:
        post_transfers(transfers=[transfer(rehearsal.bank, chart.merchant_payable, 1_00)], at=NOON)
    assert refused.value.details["result"] == "accounts_must_have_the_same_ledger"
    assert balance_of(chart.merchant_payable).posted == 0


def test_money_never_crosses_to_another_merchant(chart: Chart) -> None:
    stranger = chart_accounts(merchant_id=ids.new_key(), livemode=True, currency="INR")
    with pytest.raises(TransferRefused) as refused:
        post_transfers(transfers=[transfer(chart.merchant_payable, stranger.merchant_payable, 1_00)], at=NOON)
    assert refused.value.details["result"] == "accounts_must_have_the_same_merchant"
    assert balance_of(stranger.merchant_payable).posted == 0


def test_the_first_failure_of_a_broken_chain_is_named(chart: Chart, wallet: UUID) -> None:
    fine = linked(transfer(chart.provider_clearing, chart.merchant_payable, 5_00))
    too_much = transfer(wallet, chart.merchant_payable, 1)
    with pytest.raises(InsufficientFunds) as refused:
        post_transfers(transfers=[fine, too_much], at=NOON)
    assert refused.value.details["transfer"] == ids.public_id("tr", too_much.id)


def test_the_chart_is_opened_once_and_then_costs_no_query(
    chart: Chart, django_capture_on_commit_callbacks: object, django_assert_num_queries: object
) -> None:
    assert Account.objects.filter(merchant_id=chart.merchant_id).count() == 8
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        assert chart_accounts(merchant_id=chart.merchant_id, livemode=True, currency="INR") == chart
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert chart_accounts(merchant_id=chart.merchant_id, livemode=True, currency="INR") == chart
