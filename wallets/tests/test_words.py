"""Numbers of ledgers, and transfers that cannot even be written down."""

from typing import Any

import pytest

from rupai.core import ids
from rupai.core.money import UnknownCurrency
from wallets.errors import AccountClosed, HoldResolved, InsufficientFunds, TransferIdTaken, TransferRefused, refusal
from wallets.services.ledger import NewTransfer
from wallets.states import ledger_of

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("currency", "livemode", "ledger"),
    [("INR", True, 356), ("INR", False, 1356), ("ALL", True, 8), ("JPY", False, 1392)],
)
def test_a_ledger_is_a_currency_in_a_mode(currency: str, livemode: bool, ledger: int) -> None:
    assert ledger_of(currency, livemode=livemode) == ledger


def test_a_currency_that_cannot_be_paid_in_has_no_ledger() -> None:
    with pytest.raises(UnknownCurrency):
        ledger_of("XAU", livemode=True)


@pytest.mark.parametrize("amount", [-1, 2**63, 1.0, True, "1", None])
def test_an_amount_is_a_whole_number_that_fits(amount: Any) -> None:
    with pytest.raises(ValueError, match="whole number"):
        NewTransfer(id=ids.new_key(), amount=amount)


@pytest.mark.parametrize("timeout", [-1, 2**32])
def test_a_timeout_is_a_number_of_seconds_that_fits(timeout: int) -> None:
    with pytest.raises(ValueError, match="timeout"):
        NewTransfer(id=ids.new_key(), timeout=timeout)


@pytest.mark.parametrize(
    ("result", "error", "status"),
    [
        ("exceeds_credits", InsufficientFunds, 422),
        ("credit_account_already_closed", AccountClosed, 422),
        ("pending_transfer_expired", HoldResolved, 409),
        ("exists_with_different_amount", TransferIdTaken, 409),
        ("id_already_failed", TransferIdTaken, 409),
        ("overflows_debits", TransferRefused, 422),
    ],
)
def test_each_result_is_refused_by_name(result: str, error: type[TransferRefused], status: int) -> None:
    assert refusal(result) is error
    assert error.status == status
