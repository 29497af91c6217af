"""Capturing, cancelling and refunding, and what the janitor does: exact amounts, and nothing on refusal."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest

from payments.models import Attempt, Capture, Payment, Refund
from payments.sandbox.acquirer import Acquirer
from payments.services import authorization, janitor, moves
from payments.services.cancel import cancel_payment
from payments.services.capture import CaptureTooLarge, capture_payment
from payments.services.outcomes import Outcome
from payments.services.refund import refund_payment
from payments.services.refunding import RefundTooLarge
from payments.states import AttemptState
from payments.tests.factories import Shop
from payments.tests.test_taking import balances, event_names
from rupai.core import clock
from rupai.core.errors import WrongState
from rupai.core.invariants import registered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(autouse=True)
def _invariants_hold_afterwards(shop: Shop) -> Iterator[None]:
    yield
    assert {rule.name: lines for rule in registered() if (lines := rule.check())} == {}


def later(**pause: int) -> AbstractContextManager[None]:
    return clock.at(clock.now() + timedelta(**pause))


def test_parts_are_captured_until_nothing_is_left(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    first = capture_payment(actor=shop.actor, payment_id=held.public_id, amount=4_000)
    assert (first.payment.status, first.payment.capturable) == ("partially_captured", 6_000)
    second = capture_payment(actor=shop.actor, payment_id=held.public_id, amount=1_000)
    assert (second.payment.status, second.payment.capturable) == ("partially_captured", 5_000)
    last = capture_payment(actor=shop.actor, payment_id=held.public_id)
    assert (last.amount, last.payment.status, last.payment.capturable) == (5_000, "captured", 0)
    # 1.90 % of 40.00, 10.00 and 50.00: 0.76, 0.19 and 0.95.
    assert balances(shop) == {"provider_clearing": -10_000, "merchant_payable": 9_810, "fee_revenue": 190}
    assert event_names(held)[-3:] == ["payment.partially_captured", "payment.partially_captured", "payment.captured"]


def test_more_than_the_rest_is_not_captured(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    capture_payment(actor=shop.actor, payment_id=held.public_id, amount=4_000)
    with pytest.raises(CaptureTooLarge):
        capture_payment(actor=shop.actor, payment_id=held.public_id, amount=6_001)
    assert Capture.objects.count() == 1
    assert balances(shop)["provider_clearing"] == -4_000


def test_a_refused_capture_leaves_the_authorisation(shop: Shop) -> None:
    held = shop.pay(10_000, token="tok_capture_declined", capture="manual")
    refused = capture_payment(actor=shop.actor, payment_id=held.public_id)
    assert (refused.state, refused.payment.status, refused.payment.capturable) == ("failed", "authorized", 10_000)
    assert balances(shop) == {}


def test_an_authorisation_is_cancelled_once(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    ended = cancel_payment(actor=shop.actor, payment_id=held.public_id)
    assert ended.status == "cancelled"
    with pytest.raises(WrongState):
        cancel_payment(actor=shop.actor, payment_id=held.public_id)
    with pytest.raises(WrongState):
        capture_payment(actor=shop.actor, payment_id=held.public_id)
    assert balances(shop) == {}


def test_captured_money_cannot_be_cancelled(shop: Shop) -> None:
    paid = shop.pay(10_000)
    with pytest.raises(WrongState):
        cancel_payment(actor=shop.actor, payment_id=paid.public_id)
    assert Payment.objects.get().status == "captured"


def test_parts_are_refunded_until_nothing_is_left(shop: Shop) -> None:
    paid = shop.pay(10_000)
    first = refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=2_500, reason="duplicate")
    assert (first.state, Payment.objects.get().status) == ("succeeded", "partially_refunded")
    rest = refund_payment(actor=shop.actor, payment_id=paid.public_id)
    assert (rest.amount, Payment.objects.get().status) == (7_500, "refunded")
    with pytest.raises(RefundTooLarge):
        refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=1)
    assert balances(shop) == {"merchant_payable": -190, "fee_revenue": 190}
    assert Refund.objects.count() == 2


def test_a_refused_refund_gives_the_amount_back_to_the_refundable(shop: Shop) -> None:
    paid = shop.pay(10_000, token="tok_refund_declined")
    refused = refund_payment(actor=shop.actor, payment_id=paid.public_id)
    assert refused.state == "failed"
    assert Payment.objects.get().refundable == 10_000
    assert balances(shop)["provider_clearing"] == -10_000


def test_uncaptured_money_is_not_refunded(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    with pytest.raises(WrongState):
        refund_payment(actor=shop.actor, payment_id=held.public_id)
    assert not Refund.objects.exists()


def test_an_unknown_charge_is_found_by_the_janitor(shop: Shop) -> None:
    unknown = shop.pay(10_000, token="tok_timeout_after")
    assert unknown.status == "processing"
    with pytest.raises(WrongState):
        cancel_payment(actor=shop.actor, payment_id=unknown.public_id)
    janitor.sweep()
    assert Payment.objects.get().status == "processing"
    with later(minutes=6):
        janitor.sweep()
    assert Payment.objects.get().status == "captured"
    assert balances(shop)["merchant_payable"] == 9_810


def test_a_charge_that_never_arrived_fails_without_being_sent_again(shop: Shop) -> None:
    shop.pay(10_000, token="tok_timeout_before")
    with later(minutes=6):
        janitor.sweep()
    failed = Payment.objects.get()
    assert (failed.status, failed.failure_code, failed.attempts) == ("failed", "downstream_technical_issue", 1)
    assert balances(shop) == {}


@pytest.mark.parametrize(
    ("token", "status"), [("tok_capture_timeout_after", "captured"), ("tok_capture_timeout_before", "authorized")]
)
def test_an_unknown_capture_is_settled(shop: Shop, token: str, status: str) -> None:
    held = shop.pay(10_000, token=token, capture="manual")
    pending = capture_payment(actor=shop.actor, payment_id=held.public_id)
    assert (pending.state, pending.payment.status) == ("pending", "processing")
    with later(minutes=6):
        janitor.sweep()
    assert Payment.objects.get().status == status


@pytest.mark.parametrize(
    ("token", "status"), [("tok_void_timeout_after", "cancelled"), ("tok_void_timeout_before", "authorized")]
)
def test_an_unknown_void_is_settled(shop: Shop, token: str, status: str) -> None:
    held = shop.pay(10_000, token=token, capture="manual")
    assert cancel_payment(actor=shop.actor, payment_id=held.public_id).status == "processing"
    with later(minutes=6):
        janitor.sweep()
    assert Payment.objects.get().status == status


@pytest.mark.parametrize(
    ("token", "state"), [("tok_refund_timeout_after", "succeeded"), ("tok_refund_timeout_before", "failed")]
)
def test_an_unknown_refund_is_settled(shop: Shop, token: str, state: str) -> None:
    paid = shop.pay(10_000, token=token)
    assert refund_payment(actor=shop.actor, payment_id=paid.public_id).state == "pending"
    assert Payment.objects.get().refundable == 0
    with later(minutes=6):
        janitor.sweep()
    assert Refund.objects.get().state == state


def test_what_nobody_finishes_expires(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    with later(days=8):
        janitor.sweep()
    assert Payment.objects.get(pk=held.pk).status == "expired"
    assert Attempt.objects.get().state == AttemptState.VOIDED


def test_a_payer_who_never_authenticates_lets_it_expire(shop: Shop) -> None:
    shop.pay(10_000, token="tok_3ds_required")
    with later(hours=2):
        janitor.sweep()
    assert Payment.objects.get().status in {"expired", "failed"}
    assert balances(shop) == {}


def test_an_authenticated_payer_is_found(shop: Shop, acquirer: Acquirer) -> None:
    payment = shop.pay(10_000, token="tok_3ds_required")
    account = next(iter(acquirer.book.accounts))
    charge = Attempt.objects.get().provider_id
    acquirer.authenticate(account, charge, approved=True)
    with later(minutes=2):
        janitor.sweep()
    assert Payment.objects.get(pk=payment.pk).status == "captured"
    assert balances(shop)["merchant_payable"] == 9_810


def test_money_that_arrives_after_the_end_is_recorded_and_given_back(shop: Shop) -> None:
    shop.pay(10_000, token="tok_timeout_after")
    attempt = Attempt.objects.get()
    with moves.in_own_transaction():
        authorization.apply(attempt, Outcome("declined", code="do_not_honor", message="no"), actor=shop.actor)
    assert Payment.objects.get().status == "failed"
    late = Outcome("captured", amount=10_000, provider_id=attempt.provider_id or "late")
    with moves.in_own_transaction():
        authorization.apply(attempt, late, actor=shop.actor)
    assert Payment.objects.get().amount_captured == 10_000
    janitor.sweep()
    ended = Payment.objects.get()
    assert ended.status == "failed"
    assert ended.amount_captured == 10_000
    assert Refund.objects.get().reason == "late_success"
