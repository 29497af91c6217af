"""The scheduled sweep of holds: what is a wallet's own is told of, however many there are."""

from datetime import timedelta
from uuid import UUID

import pytest

from rupai.core import clock, ids
from rupai.core.models import Event
from wallets.models import Wallet
from wallets.services.accounts import chart_accounts, forget_charts
from wallets.services.holds import KIND
from wallets.services.ledger import NewTransfer, pending, post_transfers
from wallets.tasks import expire_holds
from wallets.tests.factories import Purse, has

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def held(wallet: Wallet, payable: UUID, amount: int, kind: str) -> NewTransfer:
    """A hold of a minute, in the ledger alone."""
    new = NewTransfer(
        id=ids.new_key(), debit_account=wallet.account_id, credit_account=payable, amount=amount, kind=kind
    )
    return pending(new, timeout=60)


def test_more_holds_than_a_batch_are_released_over_two_runs_and_each_is_told() -> None:
    forget_charts()
    purse = Purse()
    source, now = purse.wallet(100_00), clock.now()
    payable = chart_accounts(merchant_id=purse.merchant.pk, livemode=False, currency="INR").merchant_payable
    own = [held(source, payable, 1, KIND) for _ in range(501)]
    other = held(source, payable, 10_00, "wallet_payment")
    post_transfers(transfers=[*own, other], at=now)
    assert has(source) == (84_99, 15_01)
    told = Event.objects.filter(type="wallet.released")
    with clock.at(now + timedelta(seconds=60)):
        assert (expire_holds(), told.count(), has(source)) == (501, 500, (99_99, 1))
        assert (expire_holds(), told.count(), has(source)) == (1, 501, (100_00, 0))
        assert (expire_holds(), told.count()) == (0, 501)
