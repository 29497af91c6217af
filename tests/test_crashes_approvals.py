"""kill -9 of the worker that carries out what a person agreed to for an agent: the money moves once, or not at all.

Each kill is a SIGKILL of a real process at a failpoint; the proof is the sandbox's own list of charges.
"""

import signal

import pytest
from pytest_django import Settings

from payments.models import Attempt, Payment
from payments.services import approved
from payments.tests.agents import AMOUNT, AgentShop
from rupai.approvals.models import Approval
from rupai.approvals.services import decide
from rupai.approvals.services.execute import enqueue_left, execute
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock
from rupai.core.idempotency import LEASE
from tests.live import LiveShop, Stack
from tests.test_crashes import PLACES, start_worker, sweep_twice
from tests.test_races import assert_invariants

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
POINTS = [
    "approval.before_execute",
    "approval.after_execute",
    "authorize.before_intent_commit",
    *(f"authorize.{place}" for place in PLACES),
]
SOAK = 20


@pytest.fixture
def stack(killable: Stack, settings: Settings) -> Stack:
    settings.SANDBOX_URL = killable.sandbox_url
    return killable


def asked_of(till: AgentShop) -> Approval:
    """What the agent may not do alone."""
    new_mandate(till.agent, {"INR": {"total": AMOUNT}}, approval_over={"INR": AMOUNT - 1})
    return approved.ask_to_pay(actor=till.robot, wish=till.wish(), idempotency_key="killed-0001")


def kill_executing(stack: Stack, point: str) -> None:
    """Kill the worker at a point of an approved payment, let the next run go on, and check everything."""
    till = AgentShop()
    asked = asked_of(till)
    worker = start_worker(stack, RUPAI_CRASH_AT=point)
    decide.approve(actor=till.person, approval_id=asked.public_id)
    assert worker.wait(40) == -signal.SIGKILL, stack.log_of("worker")
    stack.processes.pop("worker")
    assert execute(approval_id=asked.public_id) is False, "the dead worker's lease still holds"
    then = clock.now() - LEASE
    Approval.objects.update(leased_until=then)
    Attempt.objects.update(created_at=then, updated_at=then)
    assert enqueue_left() == 1
    assert execute(approval_id=asked.public_id) is True
    sweep_twice()
    verify(stack, till, asked)


def verify(stack: Stack, till: AgentShop, asked: Approval) -> None:
    """The sandbox, the payment, the approval and the mandate tell the same."""
    asked.refresh_from_db()
    payment = Payment.objects.get()
    charges = [charge["amount_captured"] for charge in LiveShop(stack, till, "").charges()]
    taken = payment.status == "captured"
    assert charges == ([AMOUNT] if taken else [])
    assert (payment.created_by, asked.state) == (till.agent.public_id, "executed" if taken else "failed")
    assert asked.result["result"]["payment_id"] == payment.public_id
    assert till.uses() == [("payments:write", AMOUNT, "committed" if taken else "released")]
    assert_invariants()


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_worker_moves_the_money_once(stack: Stack, point: str) -> None:
    kill_executing(stack, point)


@pytest.mark.soak
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("again", range(SOAK))
def test_a_killed_worker_many_times(stack: Stack, point: str, again: int) -> None:
    kill_executing(stack, point)
