"""Carrying out: once, only what was approved, and on after a crash."""

from typing import Any
from uuid import UUID

import pytest

from rupai.accounts.tests.factories import at_once
from rupai.approvals import registry, tasks
from rupai.approvals.models import Approval
from rupai.approvals.registry import Outcome
from rupai.approvals.services import decide
from rupai.approvals.services.execute import LEASE, MOST_TRIES, enqueue_left, execute
from rupai.approvals.tests.conftest import Ran
from rupai.approvals.tests.factories import House
from rupai.core import clock, failpoints
from rupai.core.actor import Actor
from rupai.core.errors import WrongState
from rupai.core.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def approved(house: House | None = None, **wish: Any) -> Approval:
    house = house or House()
    asked = house.ask(**wish)
    return decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id)


def test_it_is_carried_out_once_however_often_the_task_comes(ran: Ran) -> None:
    wish = approved(amount=750)
    assert execute(approval_id=wish.public_id) is True
    assert execute(approval_id=wish.public_id) is False
    wish.refresh_from_db()
    assert (wish.state, wish.result) == ("executed", {"summary": "Paid 750", "amount": 750})
    assert ran == [(wish.requested_by, wish.pk, {"amount": 750})]
    assert Event.objects.filter(type="approval.executed").count() == 1


def test_twenty_tasks_at_once_carry_it_out_once(ran: Ran) -> None:
    wish = approved()
    results = at_once(20, lambda _: tasks.execute(approval_id=wish.public_id))
    assert sorted(results) == [False] * 19 + [True]
    assert len(ran) == 1


def test_what_nobody_approved_is_not_carried_out(ran: Ran) -> None:
    asked = House().ask()
    assert execute(approval_id=asked.public_id) is False
    assert ran == []


def test_changed_arguments_are_not_carried_out(ran: Ran) -> None:
    wish = approved(amount=100)
    Approval.objects.filter(pk=wish.pk).update(arguments={"amount": 100_000})
    assert execute(approval_id=wish.public_id) is True
    wish.refresh_from_db()
    assert (wish.state, ran) == ("failed", [])
    assert "not those that were approved" in wish.result["summary"]
    assert Event.objects.filter(type="approval.failed").count() == 1


def test_a_refusal_is_the_result(ran: Ran) -> None:
    wish = approved()

    @registry.executor("test.pay_out", scope="refunds:write", title="Pay out")
    def refuse(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
        raise WrongState("The till is closed", hint="Open it.")

    execute(approval_id=wish.public_id)
    wish.refresh_from_db()
    assert (wish.state, wish.result) == ("failed", {"summary": "The till is closed. Open it."})


def test_the_executor_gets_no_more_rights_than_the_operation_needs(ran: Ran) -> None:
    house = House()
    wish = approved(house)
    seen: list[Actor] = []

    @registry.executor("test.pay_out", scope="refunds:write", title="Pay out")
    def look(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
        seen.append(actor)
        return Outcome(summary="Looked")

    execute(approval_id=wish.public_id)
    assert [(actor.scopes, actor.merchant_id, actor.livemode) for actor in seen] == [
        (frozenset({"refunds:write"}), house.merchant.pk, False)
    ]


def test_an_unknown_error_stays_loud_and_the_next_run_goes_on(ran: Ran) -> None:
    wish = approved()
    tries = []

    @registry.executor("test.pay_out", scope="refunds:write", title="Pay out")
    def fall(actor: Actor, approval: UUID, arguments: dict[str, Any]) -> Outcome:
        tries.append(approval)
        if len(tries) == 1:
            raise ZeroDivisionError
        return Outcome(summary="At last")

    with pytest.raises(ZeroDivisionError):
        execute(approval_id=wish.public_id)
    assert enqueue_left() == 1
    assert execute(approval_id=wish.public_id) is True
    wish.refresh_from_db()
    assert (wish.state, wish.result["summary"], tries) == ("executed", "At last", [wish.pk, wish.pk])


@pytest.mark.parametrize("point", ["approval.before_execute", "approval.after_execute"])
def test_a_killed_worker_is_followed_by_another(ran: Ran, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = approved()

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setenv("RUPAI_CRASH_AT", point)
    monkeypatch.setattr(failpoints, "_hits", 0)
    monkeypatch.setattr("os.kill", die)
    with pytest.raises(Killed):
        execute(approval_id=wish.public_id)
    monkeypatch.delenv("RUPAI_CRASH_AT")
    assert execute(approval_id=wish.public_id) is False, "the dead worker's lease still holds"
    with clock.at(clock.now() + LEASE):
        assert enqueue_left() == 1
        assert execute(approval_id=wish.public_id) is True
    wish.refresh_from_db()
    assert (wish.state, wish.tries) == ("executed", 2)
    # The executor may be asked twice, always with the same key, by which it does nothing twice.
    assert {(key, arguments["amount"]) for _, key, arguments in ran} == {(wish.pk, 500)}


def test_it_is_given_up_after_five_tries(ran: Ran) -> None:
    wish = approved()
    later = clock.now()
    Approval.objects.filter(pk=wish.pk).update(state="executing", tries=MOST_TRIES, leased_until=later)
    with clock.at(later + LEASE):
        assert execute(approval_id=wish.public_id) is False
    wish.refresh_from_db()
    assert (wish.state, wish.result["summary"]) == ("failed", "Given up after 5 tries")
    assert ran == []


def test_the_sweep_finds_what_the_broker_lost(ran: Ran) -> None:
    approved()
    assert tasks.sweep() == {"expired": 0, "enqueued": 1}
