"""The short way of a single transfer ends as the long one does, and leaves nothing where it gives up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import connection

from rupai.core import ids
from wallets.models import BurntId, Counters, Transfer
from wallets.services.accounts import Chart
from wallets.services.ledger import NewTransfer, linked, pending, post_transfers
from wallets.states import TransferFlag
from wallets.tests.conftest import NOON, new_wallet, transfer

pytestmark = pytest.mark.django_db


class Scene(NamedTuple):
    """Two wallets, one of them empty, and an account without a limit."""

    poor: UUID
    rich: UUID
    shop: UUID


def rows() -> list[tuple[object, ...]]:
    """All counters, without the time of the last touch, which may go forward."""
    fields = ("id", "version", "closed", "debits_pending", "debits_posted", "credits_pending", "credits_posted")
    return list(Counters.objects.order_by("id").values_list(*fields))


def burnt(wish: NewTransfer) -> NewTransfer:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL rupai.ledger = 'posting'")
    BurntId.objects.create(id=wish.id, result="exceeds_credits", created_at=NOON)
    return wish


def repeated(wish: NewTransfer) -> NewTransfer:
    post_transfers(transfers=[wish], at=NOON)
    return wish


def closing(debit: UUID, credit: UUID) -> None:
    """Close the account that is credited."""
    wish = pending(transfer(debit, credit, 0))
    closed = NewTransfer(
        id=wish.id, debit_account=debit, credit_account=credit, kind=wish.kind,
        flags=TransferFlag.PENDING | TransferFlag.CLOSING_CREDIT,
    )  # fmt: skip
    post_transfers(transfers=[closed], at=NOON)


# In both orders of the two accounts' keys: the one that speaks against it may be the first or the second to be counted.
@pytest.mark.parametrize("older", [True, False], ids=["first", "second"])
@pytest.mark.parametrize(
    ("wish", "result"),
    [
        (lambda at: transfer(at.poor, at.shop, 1), "exceeds_credits"),
        (lambda at: pending(transfer(at.poor, at.shop, 1)), "exceeds_credits"),
        (lambda at: transfer(at.rich, ids.new_key(), 1), "credit_account_not_found"),
        (lambda at: transfer(ids.new_key(), at.rich, 1), "debit_account_not_found"),
        (lambda at: burnt(transfer(at.rich, at.shop, 1)), "id_already_failed"),
        (lambda at: repeated(transfer(at.rich, at.poor, 1)), "exists"),
    ],
)
def test_what_is_not_taken_leaves_every_counter_as_it_was(
    chart: Chart, older: bool, wish: Callable[[Scene], NewTransfer], result: str
) -> None:
    one, other = sorted([new_wallet(chart), new_wallet(chart)])
    poor, rich = (one, other) if older else (other, one)
    post_transfers(transfers=[transfer(chart.provider_clearing, rich, 100)], at=NOON)
    asked = wish(Scene(poor, rich, chart.merchant_payable))
    before = rows()
    [posted] = post_transfers(transfers=[asked], at=NOON, refuse=False)
    assert posted.result == result
    assert rows() == before


@pytest.mark.parametrize("older", [True, False], ids=["first", "second"])
def test_a_closed_account_takes_nothing(chart: Chart, older: bool) -> None:
    one, other = sorted([new_wallet(chart), new_wallet(chart)])
    shut, rich = (one, other) if older else (other, one)
    post_transfers(transfers=[transfer(chart.provider_clearing, rich, 100)], at=NOON)
    closing(rich, shut)
    before = rows()
    [posted] = post_transfers(transfers=[transfer(rich, shut, 1)], at=NOON, refuse=False)
    assert (posted.result, rows()) == ("credit_account_already_closed", before)


@pytest.mark.parametrize("hold", [False, True], ids=["posted", "held"])
def test_both_ways_write_the_same(chart: Chart, hold: bool) -> None:
    """The same wish alone, and with one that fails after it, which takes the long way."""
    rich, shop = new_wallet(chart), new_wallet(chart)
    post_transfers(transfers=[transfer(chart.provider_clearing, rich, 100)], at=NOON)
    wishes = [pending(transfer(rich, shop, 10)) if hold else transfer(rich, shop, 10) for _ in range(2)]
    post_transfers(transfers=[wishes[0]], at=NOON)
    short = seen(wishes[0].id)
    post_transfers(transfers=[wishes[1], transfer(ids.new_key(), shop, 1)], at=NOON, refuse=False)
    long = seen(wishes[1].id)
    moved = {name for name in short if short[name] != long[name]}
    counted = "pending" if hold else "posted"
    assert moved == {"id", "debit_version", "credit_version", f"debit_debits_{counted}", f"credit_credits_{counted}"}
    assert all(long[name] - short[name] == 10 for name in moved if name.endswith(counted))


def seen(key: UUID) -> dict[str, Any]:
    return dict(Transfer.objects.filter(pk=key).values().get())


def test_time_never_goes_back_on_either_account(chart: Chart) -> None:
    one, other = sorted([new_wallet(chart), new_wallet(chart)])
    later = NOON + timedelta(minutes=5)
    for ahead, behind in ((one, other), (other, one)):
        post_transfers(transfers=[transfer(chart.provider_clearing, ahead, 100)], at=later)
        wish = transfer(ahead, behind, 1)
        post_transfers(transfers=[wish], at=NOON)
        assert Transfer.objects.get(pk=wish.id).created_at == later
        assert set(Counters.objects.filter(account_id__in=[one, other]).values_list("touched_at", flat=True)) == {later}
        later += timedelta(minutes=5)


def test_the_gate_is_shut_again(chart: Chart) -> None:
    wallet = new_wallet(chart)
    post_transfers(transfers=[transfer(chart.provider_clearing, wallet, 100)], at=NOON)
    post_transfers(transfers=[transfer(wallet, ids.new_key(), 1)], at=NOON, refuse=False)
    post_transfers(transfers=[linked(transfer(wallet, chart.bank, 1)), transfer(wallet, chart.bank, 1)], at=NOON)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('rupai.ledger', true)")
        assert cursor.fetchone() == ("",)
