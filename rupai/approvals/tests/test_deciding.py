"""Asking and deciding: four eyes, one decision, and nothing after the time is over."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from rupai.accounts.tests.factories import at_once, new_member
from rupai.approvals.errors import NotRequester, NotWaiting, OwnRequest, ReasonMissing, UnknownOperation
from rupai.approvals.models import Approval
from rupai.approvals.services import decide, request
from rupai.approvals.services.execute import execute
from rupai.approvals.tests.conftest import Ran
from rupai.approvals.tests.factories import House
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import NotFound, ScopeMissing
from rupai.core.idempotency import KeyReused
from rupai.core.models import Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def told() -> list[tuple[str, str]]:
    events = Event.objects.filter(subject_type="approval").order_by("inserted")
    return [(event.type, event.data["status"]) for event in events]


def test_a_wish_is_asked_approved_and_told(ran: Ran) -> None:
    house = House()
    asked = house.ask()
    assert (asked.state, asked.scope, asked.public_id[:4]) == ("requested", "refunds:write", "apr_")
    assert asked.expires_at - asked.created_at == timedelta(hours=24)
    done = decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id, reason="Agreed")
    assert (done.state, done.decided_by, done.reason) == ("approved", house.owner.user.public_id, "Agreed")
    assert told() == [("approval.requested", "requested"), ("approval.approved", "approved")]
    assert Event.objects.filter(type="approval.approved").get().actor == house.owner.user.public_id


def test_nobody_approves_or_rejects_their_own_wish(ran: Ran) -> None:
    house = House()
    asked = house.ask(house.owner)
    for act in (decide.approve, decide.reject):
        with pytest.raises(OwnRequest):
            act(actor=house.actor(house.owner), approval_id=asked.public_id, reason="Me again")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("requested", "")


def test_a_superuser_needs_a_second_person_too(ran: Ran) -> None:
    house = House()
    root = Actor("platform", "usr_root", house.merchant.pk, False, frozenset({"*"}), "console")
    asked = request.request_approval(
        actor=root, operation="test.pay_out", arguments={"amount": 1}, summary="Pay", idempotency_key="wish-root"
    )
    with pytest.raises(OwnRequest):
        decide.approve(actor=root, approval_id=asked.public_id)


def test_the_database_itself_refuses_two_equal_eyes_and_half_decisions(ran: Ran) -> None:
    asked = House().ask()
    row = Approval.objects.filter(pk=asked.pk)
    broken: list[dict[str, Any]] = [
        {"state": "approved", "decided_by": asked.requested_by, "decided_at": clock.now()},
        {"state": "approved"},
        {"state": "approved", "decided_by": "usr_2"},
        {"state": "expired", "decided_by": "usr_2", "decided_at": clock.now()},
        {"state": "executed", "decided_by": "usr_2", "decided_at": clock.now()},
        {"state": "executing", "decided_by": "usr_2", "decided_at": clock.now()},
        {"leased_until": clock.now()},
    ]
    for values in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**values)


def test_deciding_needs_the_scope_of_the_operation(ran: Ran) -> None:
    house = House()
    asked = house.ask()
    with pytest.raises(ScopeMissing):
        decide.approve(actor=house.actor(house.viewer), approval_id=asked.public_id)
    with pytest.raises(ScopeMissing):
        house.ask(house.viewer, key="wish-0002")


def test_another_merchants_approval_does_not_exist(ran: Ran) -> None:
    asked = House().ask()
    stranger = House().owner
    with pytest.raises(NotFound):
        decide.approve(actor=House().actor(stranger), approval_id=asked.public_id)


def test_a_rejection_has_a_reason_and_ends_it(ran: Ran) -> None:
    house = House()
    asked = house.ask()
    owner = house.actor(house.owner)
    with pytest.raises(ReasonMissing):
        decide.reject(actor=owner, approval_id=asked.public_id, reason="  ")
    assert decide.reject(actor=owner, approval_id=asked.public_id, reason="Too much").state == "rejected"
    with pytest.raises(NotWaiting):
        decide.approve(actor=owner, approval_id=asked.public_id)
    assert execute(approval_id=asked.public_id) is False
    assert ran == []


def test_only_whoever_asked_takes_it_back(ran: Ran) -> None:
    house = House()
    asked = house.ask()
    with pytest.raises(NotRequester):
        request.cancel(actor=house.actor(house.owner), approval_id=asked.public_id)
    assert request.cancel(actor=house.actor(house.finance), approval_id=asked.public_id).state == "cancelled"
    assert told()[-1] == ("approval.cancelled", "cancelled")


def test_asking_twice_is_asking_once_and_a_key_stands_for_one_wish(ran: Ran) -> None:
    house = House()
    assert house.ask().pk == house.ask().pk
    assert told() == [("approval.requested", "requested")]
    with pytest.raises(KeyReused):
        house.ask(amount=501)
    with pytest.raises(KeyReused):
        house.ask(house.owner)


def test_an_operation_without_executor_is_refused() -> None:
    with pytest.raises(UnknownOperation):
        House().ask()


def test_time_ends_a_wish_before_and_after_the_sweep(ran: Ran) -> None:
    house = House()
    asked = house.ask(lives=timedelta(hours=1))
    with clock.at(asked.expires_at):
        with pytest.raises(NotWaiting, match="expired"):
            decide.approve(actor=house.actor(house.owner), approval_id=asked.public_id)
        assert decide.expire_waiting() == 1
        assert decide.expire_waiting() == 0
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("expired", "")
    assert told()[-1] == ("approval.expired", "expired")


def test_two_approvers_at_once_make_one_decision(ran: Ran) -> None:
    house = House()
    others = [house.actor(new_member(house.merchant, "finance")) for _ in range(8)]
    for number in range(5):
        decide_at_once(house.ask(key=f"wish-{number:04}"), others)
    assert len([type for type, _ in told() if type != "approval.requested"]) == 5


def decide_at_once(asked: Approval, others: list[Actor]) -> None:
    def act(index: int) -> Approval:
        decision = decide.approve if index % 2 else decide.reject
        return decision(actor=others[index], approval_id=asked.public_id, reason="Mine")

    results = at_once(len(others), act)
    winners = [result for result in results if isinstance(result, Approval)]
    assert len(winners) == 1, results
    assert sum(isinstance(result, NotWaiting) for result in results) == len(others) - 1
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == (winners[0].state, winners[0].decided_by)


def test_approving_races_expiring_and_one_of_them_wins(ran: Ran) -> None:
    house = House()
    for number in range(10):
        race_against_time(house.ask(key=f"wish-{number:04}"), house.actor(house.owner))


def race_against_time(asked: Approval, owner: Actor) -> None:
    """One clock is a moment before the end, the other at it: both believe that they are in time."""

    def act(index: int) -> Any:
        if index == 0:
            with clock.at(asked.expires_at):
                return decide.expire_waiting()
        with clock.at(asked.expires_at - timedelta(milliseconds=1)):
            return decide.approve(actor=owner, approval_id=asked.public_id)

    expired, approved = at_once(2, act)
    end = Approval.objects.get(pk=asked.pk).state
    if isinstance(approved, Approval):
        assert (expired, end) == (0, "approved")
    else:
        assert isinstance(approved, NotWaiting)
        assert (expired, end) == (1, "expired")
