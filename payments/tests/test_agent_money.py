"""Agents move money within their mandates only: refused by name with nothing moved, counted with the outcome."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from payments.models import Attempt, Payment, Payout, Refund
from payments.sandbox.acquirer import Acquirer
from payments.services import janitor
from payments.services.cancel import cancel_payment
from payments.services.capture import capture_payment
from payments.services.create import confirm_payment, create_payment
from payments.services.refund import refund_payment
from payments.services.withdraw import withdraw
from payments.tests.agents import AMOUNT, MOVEMENTS, AgentShop
from payments.tests.factories import new_method
from payments.tests.wallets import assert_invariants
from rupai.accounts.services.agents import kill_agent
from rupai.approvals.errors import MandateRefused
from rupai.approvals.services.granting import revoke_mandate
from rupai.approvals.states import Window
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock, ids
from rupai.core.actor import Actor
from rupai.core.money import Money
from tests.places import contents
from wallets.services.holds import hold_funds
from wallets.tests.factories import fund

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
ROOM = {"INR": {"total": 100_000}}


@pytest.fixture
def till(db: None, acquirer: Acquirer) -> AgentShop:
    return AgentShop()


def _nothing(till: AgentShop) -> None:
    """No mandate at all."""


def _revoked(till: AgentShop) -> None:
    made = new_mandate(till.agent, ROOM)
    revoke_mandate(actor=till.person, mandate_id=made.public_id)


def _expired(till: AgentShop) -> None:
    with clock.at(clock.now() - 2 * HOUR):
        new_mandate(till.agent, ROOM, valid_until=clock.now() + HOUR)


def _dollars(till: AgentShop) -> None:
    new_mandate(till.agent, {"USD": {"total": 100_000}})


def _somebody(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM, allowed_payees=[ids.public_id("cust", ids.new_key())])


def _killed(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    kill_agent(actor=till.person, agent_id=till.agent.public_id)


def _at_most(window: str) -> Callable[[AgentShop], None]:
    def arrange(till: AgentShop) -> None:
        new_mandate(till.agent, {"INR": {window: AMOUNT - 1}})

    return arrange


def _asked_above(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM, approval_over={"INR": AMOUNT - 1})


DENIED: dict[str, tuple[str, Callable[[AgentShop], None]]] = {
    "none": ("no_mandate", _nothing),
    "revoked": ("no_mandate", _revoked),
    "expired": ("mandate_expired", _expired),
    "currency": ("currency_not_covered", _dollars),
    "payee": ("payee_not_allowed", _somebody),
    "killed": ("agent_killed", _killed),
    "approval": ("over_approval_limit", _asked_above),
    **{window: (f"over_{window}", _at_most(window)) for window in Window},
}


@pytest.mark.slow
@pytest.mark.parametrize("movement", MOVEMENTS)
@pytest.mark.parametrize("case", DENIED)
def test_what_no_mandate_covers_is_refused_and_nothing_moves(till: AgentShop, movement: str, case: str) -> None:
    reason, arrange = DENIED[case]
    act = MOVEMENTS[movement][1](till)
    arrange(till)
    before = contents()
    with pytest.raises(MandateRefused) as refusal:
        act()
    assert (refusal.value.status, refusal.value.details["reason"]) == (403, reason)
    assert contents() == before


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_mandate_for_other_scopes_covers_nothing(till: AgentShop, movement: str) -> None:
    scope, ready = MOVEMENTS[movement]
    act = ready(till)
    new_mandate(till.agent, ROOM, scopes=sorted({scope for scope, _ in MOVEMENTS.values()} - {scope}))
    with pytest.raises(MandateRefused) as refusal:
        act()
    assert refusal.value.details["reason"] == "no_mandate"


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_what_a_mandate_covers_moves_and_is_counted(till: AgentShop, movement: str) -> None:
    scope, ready = MOVEMENTS[movement]
    act = ready(till)
    new_mandate(till.agent, {"INR": dict.fromkeys(Window, AMOUNT)})
    act()
    assert till.uses() == [(scope, AMOUNT, "committed")]
    assert_invariants()
    with pytest.raises(MandateRefused) as refusal:
        ready(till)()
    assert refusal.value.details["reason"] == "over_hour"


def test_people_and_keys_need_no_mandate(till: AgentShop) -> None:
    for movement in MOVEMENTS.values():
        till.robot = till.actor
        movement[1](till)()
    assert till.uses() == []


@pytest.mark.parametrize(
    ("token", "capture", "status", "use"),
    [
        ("tok_visa", "automatic", "captured", "committed"),
        ("tok_visa", "manual", "authorized", "committed"),
        ("tok_insufficient_funds", "automatic", "failed", "released"),
        ("tok_3ds_required", "automatic", "requires_action", "reserved"),
        ("tok_timeout_after", "automatic", "processing", "reserved"),
        ("tok_wrong_amount", "automatic", "conflicted", "reserved"),
    ],
)
def test_a_payment_counts_as_it_came_out(till: AgentShop, token: str, capture: str, status: str, use: str) -> None:
    new_mandate(till.agent, ROOM)
    payment = till.robot_pays(token=token, capture=capture)
    assert (payment.status, till.uses()) == (status, [("payments:write", AMOUNT, use)])
    assert_invariants()


def age() -> None:
    """Let everything be older than the time in which a provider may still be about to act."""
    for rows in (Attempt.objects, Refund.objects, Payout.objects):
        rows.update(created_at=clock.now() - HOUR)


@pytest.mark.parametrize(
    ("token", "status", "use"),
    [("tok_timeout_after", "captured", "committed"), ("tok_timeout_before", "failed", "released")],
)
def test_the_janitor_settles_what_was_not_known(till: AgentShop, token: str, status: str, use: str) -> None:
    new_mandate(till.agent, ROOM)
    payment = till.robot_pays(token=token)
    assert till.uses() == [("payments:write", AMOUNT, "reserved")]
    age()
    with clock.at(clock.now() + timedelta(minutes=10)):
        janitor.sweep()
    payment.refresh_from_db()
    assert (payment.status, till.uses()) == (status, [("payments:write", AMOUNT, use)])
    assert_invariants()


@pytest.mark.parametrize(
    ("token", "use"), [("tok_refund_timeout_after", "committed"), ("tok_refund_declined", "released")]
)
def test_a_refund_counts_as_it_came_out(till: AgentShop, token: str, use: str) -> None:
    new_mandate(till.agent, ROOM)
    paid = till.pay(10_000, token=token)
    refund_payment(actor=till.robot, payment_id=paid.public_id, amount=AMOUNT)
    age()
    with clock.at(clock.now() + timedelta(minutes=10)):
        janitor.sweep()
    assert till.uses() == [("refunds:write", AMOUNT, use)]
    assert_invariants()


@pytest.mark.parametrize(("to", "use"), [("bank_timeout_after", "committed"), ("bank_timeout_before", "released")])
def test_a_withdrawal_counts_as_it_came_out(till: AgentShop, to: str, use: str) -> None:
    new_mandate(till.agent, ROOM)
    fund(till.wallet, 10_000)
    withdraw(actor=till.robot, wallet_id=till.wallet.public_id, money=Money(AMOUNT, "INR"), destination=to)
    assert till.uses() == [("wallets:withdraw", AMOUNT, "reserved")]
    age()
    with clock.at(clock.now() + timedelta(minutes=10)):
        janitor.sweep()
    assert till.uses() == [("wallets:withdraw", AMOUNT, use)]
    assert_invariants()


def waiting_of(till: AgentShop, actor: Actor) -> Payment:
    """A payment that waits for its payment method."""
    return create_payment(actor=actor, wish=replace(till.wish(), payment_method_token=None))


def test_a_payment_that_waits_is_reserved_until_it_ends(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    waiting = waiting_of(till, till.robot)
    assert till.uses() == [("payments:write", AMOUNT, "reserved")]
    cancel_payment(actor=till.robot, payment_id=waiting.public_id)
    assert till.uses() == [("payments:write", AMOUNT, "released")]


def test_a_payment_that_is_confirmed_counts_once(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    waiting = waiting_of(till, till.robot)
    token = new_method(till.actor, till.customer).public_id
    paid = confirm_payment(actor=till.robot, payment_id=waiting.public_id, payment_method_token=token)
    assert (paid.status, till.uses()) == ("captured", [("payments:write", AMOUNT, "committed")])


def test_an_agent_does_not_try_what_others_made(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    waiting = waiting_of(till, till.actor)
    token = new_method(till.actor, till.customer).public_id
    with pytest.raises(MandateRefused):
        confirm_payment(actor=till.robot, payment_id=waiting.public_id, payment_method_token=token)
    assert (till.uses(), Attempt.objects.count()) == ([], 0)


def test_capturing_its_own_payment_does_not_count_again(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": AMOUNT}})
    held = till.robot_pays(capture="manual")
    for amount in (1_000, None):
        capture_payment(actor=till.robot, payment_id=held.public_id, amount=amount)
    assert till.uses() == [("payments:write", AMOUNT, "committed")]
    held.refresh_from_db()
    assert held.amount_captured == AMOUNT
    assert_invariants()


def test_a_capture_of_another_ones_payment_that_fails_is_given_back(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    held = till.pay(AMOUNT, token="tok_capture_declined", capture="manual")
    capture_payment(actor=till.robot, payment_id=held.public_id)
    assert till.uses() == [("payments:write", AMOUNT, "released")]
    assert_invariants()


def test_an_authorisation_that_is_cancelled_is_given_back(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": AMOUNT}})
    for _ in range(2):
        held = till.robot_pays(capture="manual")
        cancel_payment(actor=till.robot, payment_id=held.public_id)
    assert till.uses() == [("payments:write", AMOUNT, "released")] * 2
    assert_invariants()


def test_a_refund_of_its_own_payment_counts_and_gives_nothing_back(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": AMOUNT + 1_000}})
    paid = till.robot_pays()
    refund_payment(actor=till.robot, payment_id=paid.public_id, amount=1_000)
    with pytest.raises(MandateRefused):
        refund_payment(actor=till.robot, payment_id=paid.public_id, amount=1)
    assert till.uses() == [("payments:write", AMOUNT, "committed"), ("refunds:write", 1_000, "committed")]
    assert_invariants()


def test_what_is_held_in_a_wallet_counts(till: AgentShop) -> None:
    new_mandate(till.agent, {"INR": {"total": AMOUNT}})
    fund(till.wallet, 10_000)
    hold_funds(actor=till.robot, wallet_id=till.wallet.public_id, amount=AMOUNT)
    with pytest.raises(MandateRefused):
        hold_funds(actor=till.robot, wallet_id=till.wallet.public_id, amount=1)
    assert (till.uses(), till.balance) == ([("wallets:transfer", AMOUNT, "committed")], (6_000, AMOUNT))
    assert_invariants()


def test_what_was_sent_off_before_the_kill_is_still_settled(till: AgentShop) -> None:
    new_mandate(till.agent, ROOM)
    till.robot_pays(token="tok_timeout_after")
    kill_agent(actor=till.person, agent_id=till.agent.public_id)
    age()
    with clock.at(clock.now() + timedelta(minutes=10)):
        janitor.sweep()
    assert till.uses() == [("payments:write", AMOUNT, "committed")]
    assert_invariants()
