"""The sandbox connector after the authorisation: captures, voids and refunds, and what is found when one got lost."""

from collections.abc import Iterator

import pytest

from payments.providers.base import (
    CaptureRequest,
    ChangeResult,
    ChargeRequest,
    Declined,
    Found,
    FoundState,
    NotKnown,
    PaymentLookup,
    Pending,
    RefundLookup,
    RefundRequest,
    Success,
    Unknown,
    VoidRequest,
)
from payments.providers.sandbox import SandboxConnector
from payments.providers.taxonomy import DeclineCode
from payments.tests.sandboxes import Sandbox, running_sandbox
from rupai.core.money import Money

LOST = ["timeout_after", "drop_after", "error_after", "garbled"]
NEVER_BOOKED = ["timeout_before", "drop_before", "error_before"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), hold_ms=3_000) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    return running


@pytest.fixture
def bank(sandbox: Sandbox) -> SandboxConnector:
    return sandbox.connector(read_seconds=0.5)


def inr(minor: int) -> Money:
    return Money(minor, "INR")


def charged(bank: SandboxConnector, token: str = "tok_visa", *, capture: bool = False) -> str:
    """Authorise 10000, captured at once when asked, and give the charge's id."""
    request = ChargeRequest(
        reference="pay_1_1",
        idempotency_key="att_1:authorize",
        amount=inr(10_000),
        method="card",
        token=token,
        capture=capture,
    )
    result = bank.authorize(request)
    assert isinstance(result, Success)
    return result.provider_id


def capture(bank: SandboxConnector, charge: str, minor: int, *, number: int = 1) -> ChangeResult:
    key = f"cap_{number}:capture"
    request = CaptureRequest(provider_id=charge, reference=f"cap_{number}", idempotency_key=key, amount=inr(minor))
    return bank.capture(request)


def void(bank: SandboxConnector, charge: str) -> ChangeResult:
    return bank.void(VoidRequest(provider_id=charge, reference="pay_1_1", idempotency_key="att_1:void"))


def refund(bank: SandboxConnector, charge: str, minor: int, *, number: int = 1) -> ChangeResult:
    reference = f"ref_{number}"
    key = f"{reference}:refund"
    return bank.refund(
        RefundRequest(provider_id=charge, reference=reference, idempotency_key=key, amount=inr(minor), reason="other")
    )


def found(bank: SandboxConnector) -> Found:
    state = bank.sync_payment(PaymentLookup(reference="pay_1_1"))
    assert isinstance(state, Found)
    return state


def done(result: object) -> tuple[str, Money]:
    assert isinstance(result, Success)
    return result.provider_id, result.amount


def reason(result: object) -> DeclineCode:
    assert isinstance(result, Declined)
    return result.code


def test_captures_are_partial_and_multiple_and_never_above_the_rest(bank: SandboxConnector) -> None:
    charge = charged(bank)
    assert done(capture(bank, charge, 2_500)) == (charge, inr(2_500))
    assert done(capture(bank, charge, 2_500)) == (charge, inr(2_500))  # The same key again: nothing more is taken.
    assert found(bank).captured == inr(2_500)
    assert reason(capture(bank, charge, 7_501, number=2)) is DeclineCode.OPERATION_NOT_ALLOWED
    assert done(capture(bank, charge, 7_500, number=3)) == (charge, inr(7_500))
    assert (found(bank).state, found(bank).captured) == (FoundState.CAPTURED, inr(10_000))
    assert reason(capture(bank, charge, 1, number=4)) is DeclineCode.INVALID_STATE


def test_a_void_releases_everything_and_only_before_a_capture(bank: SandboxConnector) -> None:
    charge = charged(bank)
    assert done(void(bank, charge)) == (charge, inr(10_000))
    assert (found(bank).state, found(bank).captured) == (FoundState.VOIDED, inr(0))


def test_a_void_after_a_capture_is_declined(bank: SandboxConnector) -> None:
    charge = charged(bank, capture=True)
    assert reason(void(bank, charge)) is DeclineCode.INVALID_STATE
    assert found(bank).captured == inr(10_000)


def test_refunds_are_partial_and_never_above_what_was_captured(bank: SandboxConnector) -> None:
    charge = charged(bank, capture=True)
    first, amount = done(refund(bank, charge, 4_000))
    assert (first.startswith("re_"), amount) == (True, inr(4_000))
    assert done(refund(bank, charge, 4_000)) == (first, inr(4_000))
    assert reason(refund(bank, charge, 6_001, number=2)) is DeclineCode.OPERATION_NOT_ALLOWED
    assert found(bank).refunded == inr(4_000)
    assert done(bank.sync_refund(RefundLookup(reference="ref_1"))) == (first, inr(4_000))
    assert isinstance(bank.sync_refund(RefundLookup(reference="ref_2")), NotKnown)


def test_changes_of_a_charge_that_does_not_exist_are_declined(bank: SandboxConnector) -> None:
    for result in (capture(bank, "ch_none", 1), void(bank, "ch_none"), refund(bank, "ch_none", 1)):
        assert reason(result) is DeclineCode.INVALID_STATE
    assert reason(capture(bank, "../../control", 1)) is DeclineCode.INVALID_STATE


@pytest.mark.parametrize("ending", LOST)
def test_a_lost_capture_is_unknown_and_then_found(bank: SandboxConnector, ending: str) -> None:
    charge = charged(bank, f"tok_capture_{ending}")
    assert isinstance(capture(bank, charge, 3_000), Unknown)
    assert found(bank).captured == inr(3_000)
    assert done(capture(bank, charge, 3_000)) == (charge, inr(3_000))
    assert found(bank).captured == inr(3_000)


@pytest.mark.parametrize("ending", LOST)
def test_a_lost_void_is_unknown_and_then_found(bank: SandboxConnector, ending: str) -> None:
    charge = charged(bank, f"tok_void_{ending}")
    assert isinstance(void(bank, charge), Unknown)
    assert found(bank).state is FoundState.VOIDED


@pytest.mark.parametrize("ending", LOST)
def test_a_lost_refund_is_unknown_and_then_found(bank: SandboxConnector, ending: str) -> None:
    charge = charged(bank, f"tok_refund_{ending}", capture=True)
    assert isinstance(refund(bank, charge, 3_000), Unknown)
    assert done(bank.sync_refund(RefundLookup(reference="ref_1")))[1] == inr(3_000)
    assert done(refund(bank, charge, 3_000))[1] == inr(3_000)
    assert found(bank).refunded == inr(3_000)


@pytest.mark.parametrize("ending", NEVER_BOOKED)
def test_a_change_that_never_arrived_is_unknown_and_then_absent(bank: SandboxConnector, ending: str) -> None:
    charge = charged(bank, f"tok_capture_{ending}")
    assert isinstance(capture(bank, charge, 3_000), Unknown)
    assert (found(bank).state, found(bank).captured) == (FoundState.AUTHORIZED, inr(0))


@pytest.mark.parametrize("ending", NEVER_BOOKED)
def test_a_refund_that_never_arrived_is_unknown_and_then_not_known(bank: SandboxConnector, ending: str) -> None:
    charge = charged(bank, f"tok_refund_{ending}", capture=True)
    assert isinstance(refund(bank, charge, 3_000), Unknown)
    assert isinstance(bank.sync_refund(RefundLookup(reference="ref_1")), NotKnown)
    assert found(bank).refunded == inr(0)


def test_a_capture_and_a_refund_can_be_declined(sandbox: Sandbox, bank: SandboxConnector) -> None:
    charge = charged(bank, "tok_capture_declined")
    assert reason(capture(bank, charge, 3_000)) is DeclineCode.OPERATION_NOT_ALLOWED
    assert found(bank).captured == inr(0)
    sandbox.reset()
    charge = charged(bank, "tok_refund_declined", capture=True)
    assert reason(refund(bank, charge, 3_000)) is DeclineCode.OPERATION_NOT_ALLOWED
    assert reason(bank.sync_refund(RefundLookup(reference="ref_1"))) is DeclineCode.OPERATION_NOT_ALLOWED
    assert found(bank).refunded == inr(0)


@pytest.mark.parametrize(("token", "good"), [("tok_refund_pending", True), ("tok_refund_pending_then_decline", False)])
def test_a_pending_refund_ends_later(sandbox: Sandbox, bank: SandboxConnector, token: str, good: bool) -> None:
    charge = charged(bank, token, capture=True)
    assert isinstance(refund(bank, charge, 3_000), Pending)
    assert isinstance(bank.sync_refund(RefundLookup(reference="ref_1")), Pending)
    assert found(bank).refunded == inr(0)
    sandbox.call("POST", "/control", {"settle": "ref_1"})
    assert isinstance(bank.sync_refund(RefundLookup(reference="ref_1")), Success if good else Declined)
    assert found(bank).refunded == inr(3_000 if good else 0)
