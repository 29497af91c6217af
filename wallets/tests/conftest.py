"""A merchant with a chart of accounts, and wallets that can be paid into."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from rupai.core import clock, ids
from rupai.core.actor import Actor
from wallets.services.accounts import Chart, chart_accounts, forget_charts, open_account
from wallets.services.ledger import NewTransfer
from wallets.states import AccountCode

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_charts() -> None:
    forget_charts()


@pytest.fixture
def merchant() -> UUID:
    return ids.new_key()


@pytest.fixture
def actor(merchant: UUID) -> Actor:
    return Actor(kind="key", id="key_1", merchant_id=merchant, livemode=True, scopes=frozenset({"ledger:read"}))


@pytest.fixture
def chart(db: None, merchant: UUID) -> Chart:
    with clock.at(NOON):
        return chart_accounts(merchant_id=merchant, livemode=True, currency="INR")


@pytest.fixture
def wallet(chart: Chart) -> UUID:
    """An empty customer wallet, which cannot be overdrawn."""
    return new_wallet(chart)


def new_wallet(chart: Chart, *, overdraft_limit: int = 0) -> UUID:
    return open_account(
        merchant_id=chart.merchant_id,
        livemode=chart.livemode,
        currency=chart.currency,
        code=AccountCode.CUSTOMER_WALLET,
        owner_id=ids.new_key(),
        overdraft_limit=overdraft_limit,
        at=NOON,
    ).pk


def transfer(debit: UUID, credit: UUID, amount: int, *, kind: str = "capture", key: UUID | None = None) -> NewTransfer:
    return NewTransfer(
        id=key or ids.new_key(),
        debit_account=debit,
        credit_account=credit,
        amount=amount,
        kind=kind,
        reference="pay_0000000000000000000001",
    )
