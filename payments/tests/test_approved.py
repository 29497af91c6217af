"""What a person agreed to for an agent: done once, as the agent, within its mandate, with the call's own result."""

from collections.abc import Callable
from typing import Any

import pytest

from payments.models import Attempt, Capture, Payment, Refund
from payments.sandbox.acquirer import Acquirer
from payments.services import approved
from payments.services.create import create_payment
from payments.services.refunding import RefundTooLarge
from payments.tests.agents import AMOUNT, AgentShop
from payments.tests.factories import new_method
from payments.tests.wallets import assert_invariants
from rupai.accounts.services.agents import kill_agent
from rupai.approvals.errors import MandateRefused
from rupai.approvals.models import Approval, MandateUse
from rupai.approvals.services import decide
from rupai.approvals.services.execute import LEASE, enqueue_left, execute
from rupai.approvals.tests.factories import new_mandate
from rupai.core import clock, failpoints
from rupai.core.models import Event
from rupai.core.money import Money
from wallets.models import WalletTransfer
from wallets.services.approved import ask_to_transfer
from wallets.tests.factories import fund

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "wish-0001"


@pytest.fixture
def till(db: None, acquirer: Acquirer) -> AgentShop:
    """Its agent may move 100.00 in all, and above 10.00 asks."""
    found = AgentShop()
    new_mandate(found.agent, {"INR": {"total": 10_000}}, approval_over={"INR": 1_000})
    return found


def ask_pay(till: AgentShop, **changed: Any) -> Approval:
    return approved.ask_to_pay(actor=till.robot, wish=till.wish(**changed), idempotency_key=KEY)


def ask_capture(till: AgentShop) -> Approval:
    held = till.pay(AMOUNT, capture="manual")
    return approved.ask_to_capture(actor=till.robot, payment_id=held.public_id, idempotency_key=KEY)


def ask_refund(till: AgentShop) -> Approval:
    paid = till.pay(AMOUNT)
    return approved.ask_to_refund(actor=till.robot, payment_id=paid.public_id, note="Spoilt", idempotency_key=KEY)


def ask_top_up(till: AgentShop) -> Approval:
    token = new_method(till.actor, till.customer).public_id
    return approved.ask_to_top_up(
        actor=till.robot,
        wallet_id=till.wallet.public_id,
        money=Money(AMOUNT, "INR"),
        payment_method_token=token,
        idempotency_key=KEY,
    )


def ask_transfer(till: AgentShop) -> Approval:
    fund(till.wallet, 10_000)
    return ask_to_transfer(
        actor=till.robot,
        from_wallet_id=till.wallet.public_id,
        to_wallet_id=till.other.public_id,
        amount=AMOUNT,
        currency="INR",
        idempotency_key=KEY,
    )


ASKED: dict[str, tuple[Callable[[AgentShop], Approval], str, str, dict[str, Any]]] = {
    "payments.create": (ask_pay, "payments:write", "payment_id", {"status": "captured"}),
    "payments.capture": (ask_capture, "payments:write", "payment_id", {"status": "captured"}),
    "payments.refund": (ask_refund, "refunds:write", "refund_id", {"status": "succeeded"}),
    "wallets.top_up": (ask_top_up, "wallets:topup", "top_up_id", {"status": "posted"}),
    "wallets.transfer": (ask_transfer, "wallets:transfer", "transfer_id", {"status": "posted"}),
}


def moved() -> tuple[int, ...]:
    """How many rows stand for money that moved, or tried to."""
    rows = (Payment, Attempt, Capture, Refund, WalletTransfer, MandateUse)
    return tuple(model.objects.count() for model in rows)


@pytest.mark.parametrize("operation", ASKED)
def test_it_is_done_once_as_the_agent_within_its_mandate(till: AgentShop, operation: str) -> None:
    ask, scope, name, shown = ASKED[operation]
    asked = ask(till)
    before = moved()
    assert (asked.operation, asked.scope, asked.requested_by) == (operation, scope, till.agent.public_id)
    assert execute(approval_id=asked.public_id) is False
    assert moved() == before
    decide.approve(actor=till.person, approval_id=asked.public_id)
    assert [execute(approval_id=asked.public_id) for _ in range(2)] == [True, False]
    asked.refresh_from_db()
    result = asked.result["result"]
    assert asked.state == "executed", asked.result
    assert {**result, **shown, "amount": AMOUNT, "currency": "INR"} == result
    assert name in result
    assert till.uses() == [(scope, AMOUNT, "committed")]
    assert MandateUse.objects.get().approval == asked.public_id
    # Whatever the operation, the log names the agent as the one who did it.
    assert till.agent.public_id in set(
        Event.objects.filter(subject_id=_subject(result)).values_list("actor", flat=True)
    )
    assert_invariants()


def _subject(result: dict[str, Any]) -> str:
    for name in ("refund_id", "payment_id", "from_wallet_id"):
        if name in result:
            return str(result[name])
    raise AssertionError(result)


@pytest.mark.parametrize("operation", ASKED)
def test_a_killed_agent_moves_nothing_that_was_agreed_to(till: AgentShop, operation: str) -> None:
    asked = ASKED[operation][0](till)
    decide.approve(actor=till.person, approval_id=asked.public_id)
    kill_agent(actor=till.person, agent_id=till.agent.public_id)
    before = moved()
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    assert (asked.state, moved()) == ("failed", before)


def test_no_agreement_makes_a_mandate_wider(till: AgentShop) -> None:
    till.robot_pays(1_000)
    asked = ask_pay(till, amount=9_001)
    decide.approve(actor=till.person, approval_id=asked.public_id)
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert asked.result["summary"].startswith("This is more than is left of the mandate")
    assert till.uses() == [("payments:write", 1_000, "committed")]


def test_without_the_agreement_the_service_itself_refuses(till: AgentShop) -> None:
    with pytest.raises(MandateRefused) as refusal:
        create_payment(actor=till.robot, wish=till.wish())
    assert refusal.value.details["policy"] == "needs_approval"
    assert moved() == (0, 0, 0, 0, 0, 0)


def test_a_decline_is_the_result_and_no_success(till: AgentShop) -> None:
    asked = ask_pay(till, token="tok_insufficient_funds")
    decide.approve(actor=till.person, approval_id=asked.public_id)
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    assert (asked.state, asked.result["result"]["status"]) == ("failed", "failed")
    assert till.uses() == [("payments:write", AMOUNT, "released")]


def test_what_cannot_be_done_is_not_even_asked(till: AgentShop) -> None:
    paid = till.pay(AMOUNT)
    with pytest.raises(RefundTooLarge):
        approved.ask_to_refund(actor=till.robot, payment_id=paid.public_id, amount=AMOUNT + 1, idempotency_key=KEY)
    assert not Approval.objects.exists()


def test_the_whole_rest_is_frozen_as_its_amount(till: AgentShop) -> None:
    asked = ask_refund(till)
    assert asked.arguments == {
        "payment_id": Payment.objects.get().public_id,
        "amount": AMOUNT,
        "currency": "INR",
        "reason": "other",
        "note": "Spoilt",
    }


@pytest.mark.parametrize("operation", ASKED)
@pytest.mark.parametrize("point", ["approval.before_execute", "approval.after_execute"])
def test_a_killed_worker_is_followed_by_another_and_money_moves_once(
    till: AgentShop, operation: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ASKED[operation][0](till)
    decide.approve(actor=till.person, approval_id=asked.public_id)

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setenv("RUPAI_CRASH_AT", point)
    monkeypatch.setattr(failpoints, "_hits", 0)
    monkeypatch.setattr("os.kill", die)
    with pytest.raises(Killed):
        execute(approval_id=asked.public_id)
    monkeypatch.delenv("RUPAI_CRASH_AT")
    with clock.at(clock.now() + LEASE):
        assert enqueue_left() == 1
        assert execute(approval_id=asked.public_id) is True
    asked.refresh_from_db()
    assert (asked.state, asked.tries) == ("executed", 2)
    assert till.uses() == [(asked.scope, AMOUNT, "committed")]
    assert_invariants()
