"""A hold takes money aside, and ends once: posted, voided or expired."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from rupai.core import ids
from wallets.errors import HoldResolved, InsufficientFunds
from wallets.models import Hold, Transfer
from wallets.selectors import balance_of
from wallets.services.accounts import Chart
from wallets.services.ledger import expire_pending, pending, post_pending, post_transfers, void_pending
from wallets.tests.conftest import NOON, transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def funded(chart: Chart, wallet: UUID) -> UUID:
    """A wallet with 100.00."""
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 100_00, kind="top_up")], at=NOON)
    return wallet


def hold(chart: Chart, wallet: UUID, amount: int, *, timeout: int = 0) -> UUID:
    held = pending(transfer(wallet, chart.merchant_payable, amount, kind="wallet_payment"), timeout=timeout)
    post_transfers(transfers=[held], at=NOON)
    return held.id


def test_a_hold_lowers_what_is_available_but_not_what_is_posted(chart: Chart, funded: UUID) -> None:
    hold(chart, funded, 60_00)
    balance = balance_of(funded)
    assert (balance.posted, balance.pending, balance.available) == (100_00, 60_00, 40_00)
    assert balance_of(chart.merchant_payable).available == 0
    with pytest.raises(InsufficientFunds), transaction.atomic():
        hold(chart, funded, 40_01)
    assert balance_of(funded).available == 40_00


def test_posting_part_of_a_hold_releases_the_rest(chart: Chart, funded: UUID) -> None:
    held = hold(chart, funded, 60_00)
    [posted] = post_transfers(transfers=[post_pending(held, key=ids.new_key(), amount=45_00)], at=NOON)
    assert posted.amount == 45_00
    balance = balance_of(funded)
    assert (balance.posted, balance.pending, balance.available) == (55_00, 0, 55_00)
    assert balance_of(chart.merchant_payable).posted == 45_00
    assert Hold.objects.get(pk=held).state == "posted"
    assert Transfer.objects.get(pk=posted.id).kind == "wallet_payment"


def test_without_an_amount_the_whole_hold_is_posted(chart: Chart, funded: UUID) -> None:
    held = hold(chart, funded, 60_00)
    [posted] = post_transfers(transfers=[post_pending(held, key=ids.new_key())], at=NOON)
    assert posted.amount == 60_00


def test_a_voided_hold_gives_everything_back(chart: Chart, funded: UUID) -> None:
    held = hold(chart, funded, 60_00)
    post_transfers(transfers=[void_pending(held, key=ids.new_key())], at=NOON)
    assert balance_of(funded).available == 100_00
    assert Hold.objects.get(pk=held).state == "voided"


@pytest.mark.parametrize("ends", [post_pending, void_pending])
def test_a_hold_ends_once(chart: Chart, funded: UUID, ends: object) -> None:
    held = hold(chart, funded, 60_00)
    post_transfers(transfers=[ends(held, key=ids.new_key())], at=NOON)  # type: ignore[operator]
    before = balance_of(funded)
    for again in (post_pending, void_pending):
        with pytest.raises(HoldResolved), transaction.atomic():
            post_transfers(transfers=[again(held, key=ids.new_key())], at=NOON)
    assert balance_of(funded) == before


def test_a_hold_expires_at_its_second_and_not_before(chart: Chart, funded: UUID) -> None:
    held = hold(chart, funded, 60_00, timeout=900)
    assert expire_pending(at=NOON + timedelta(seconds=899)) == 0
    assert balance_of(funded).available == 40_00
    assert expire_pending(at=NOON + timedelta(seconds=900)) == 1
    assert balance_of(funded).available == 100_00
    assert Hold.objects.get(pk=held).state == "expired"
    assert expire_pending(at=NOON + timedelta(seconds=900)) == 0


def test_a_hold_whose_time_is_up_cannot_be_posted_even_before_the_sweep(chart: Chart, funded: UUID) -> None:
    held = hold(chart, funded, 60_00, timeout=900)
    with pytest.raises(HoldResolved) as refused, transaction.atomic():
        post_transfers(transfers=[post_pending(held, key=ids.new_key())], at=NOON + timedelta(seconds=900))
    assert refused.value.details["result"] == "pending_transfer_expired"
    assert balance_of(chart.merchant_payable).posted == 0


def test_the_sweep_takes_the_oldest_first_and_leaves_holds_without_a_timeout(chart: Chart, funded: UUID) -> None:
    late, soon, never = (hold(chart, funded, 10_00, timeout=timeout) for timeout in (20, 10, 0))
    assert expire_pending(at=NOON + timedelta(days=1), limit=1) == 1
    assert Hold.objects.get(pk=soon).state == "expired"
    assert expire_pending(at=NOON + timedelta(days=1)) == 1
    states = dict(Hold.objects.values_list("pk", "state"))
    assert states == {late: "expired", soon: "expired", never: "pending"}
    assert balance_of(funded).available == 90_00
