"""No provider is called while a transaction of ours is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from payments.providers.base import (
    CaptureRequest,
    ChargeRequest,
    PaymentLookup,
    RefundLookup,
    RefundRequest,
    Success,
    VoidRequest,
)
from payments.providers.guarded import GuardedConnector, ProviderCallInTransaction
from payments.providers.payouts import PayoutLookup, PayoutRequest
from payments.providers.sandbox import SandboxConnector
from payments.tests.sandboxes import Sandbox, running_sandbox
from rupai.core.money import Money

AMOUNT = Money(10_000, "INR")
CHARGE = ChargeRequest(
    reference="pay_1_1", idempotency_key="att_1:authorize", amount=AMOUNT, method="card", token="tok_visa"
)
CALLS = {
    "authorize": CHARGE,
    "capture": CaptureRequest(provider_id="ch_1", reference="cap_1", idempotency_key="cap_1:take", amount=AMOUNT),
    "void": VoidRequest(provider_id="ch_1", reference="pay_1_1", idempotency_key="att_1:void"),
    "refund": RefundRequest(provider_id="ch_1", reference="ref_1", idempotency_key="ref_1:give", amount=AMOUNT),
    "payout": PayoutRequest(reference="po_1", idempotency_key="po_1:out", amount=AMOUNT, destination="bank_success"),
    "sync_payment": PaymentLookup(reference="pay_1_1"),
    "sync_refund": RefundLookup(reference="ref_1"),
    "sync_payout": PayoutLookup(reference="po_1"),
    "describe_token": "tok_visa",
}


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def bank(sandbox: Sandbox) -> SandboxConnector:
    return sandbox.connector()


@pytest.fixture
def real_transactions(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database without a transaction around the test; nothing is written, so nothing needs to be undone."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.usefixtures("real_transactions")
@pytest.mark.parametrize("operation", CALLS)
def test_no_operation_runs_inside_a_transaction(sandbox: Sandbox, bank: SandboxConnector, operation: str) -> None:
    with transaction.atomic(), pytest.raises(ProviderCallInTransaction, match="default"):
        getattr(bank, operation)(CALLS[operation])
    assert sandbox.charges() == []


@pytest.mark.usefixtures("real_transactions")
def test_outside_of_a_transaction_the_provider_is_called(bank: SandboxConnector) -> None:
    with transaction.atomic():
        pass
    assert isinstance(bank.authorize(CHARGE), Success)


@pytest.mark.django_db
def test_the_transaction_around_a_test_does_not_count_but_one_inside_it_does(
    sandbox: Sandbox, bank: SandboxConnector
) -> None:
    with transaction.atomic(), pytest.raises(ProviderCallInTransaction):
        bank.authorize(CHARGE)
    assert sandbox.charges() == []
    assert isinstance(bank.authorize(CHARGE), Success)


@pytest.mark.usefixtures("real_transactions")
def test_switching_autocommit_off_is_a_transaction_too(bank: SandboxConnector) -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(ProviderCallInTransaction):
            bank.authorize(CHARGE)
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_the_guarded_operations_are_all_that_the_contract_has() -> None:
    guarded = {name for name in vars(GuardedConnector) if not name.startswith("_")}
    assert guarded - {"name", "credential", "capabilities"} == set(CALLS)
