"""Refunding a selection: exact amounts, four eyes, once, and told honestly when a part of it fails."""

from typing import Any

import pytest
from django.urls import reverse

from payments.models import Payment, Refund
from payments.services import bulk_refund, refund
from payments.services.bulk_refund import NothingToRefund, TooMany
from payments.tests.consoles import Person, words
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.tests.factories import at_once
from rupai.approvals import tasks
from rupai.approvals.models import Approval
from rupai.approvals.services.execute import LEASE
from rupai.core import clock
from rupai.core.errors import NotFound, ScopeMissing
from rupai.core.invariants import registered
from rupai.core.models import Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def ask(person: Person, payments: list[Payment], **fields: Any) -> Any:
    query = "?" + "&".join(f"id={payment.public_id}" for payment in payments)
    return person.send(
        "payment_bulk_refund", query=query, fields={"reason": "order_cancelled", "note": "Shop closed", **fields}
    )


def decide(person: Person, approval: Approval, act: str = "approve", reason: str = "Agreed") -> Any:
    return person.client.post(
        reverse("admin:approval_detail", args=[approval.public_id]), {"act": act, "reason": reason}
    )


def test_a_selection_is_asked_for_approved_and_refunded(shop: Shop) -> None:
    asker, second = Person(shop.merchant, "support"), Person(shop.merchant, "finance")
    paid = [shop.pay(10_000), shop.pay(2_550), shop.pay(5_000, currency="JPY")]
    answer = ask(asker, paid)
    assert asker.landed(answer) == "Asked. Nothing is refunded until somebody else approves it."
    approval = Approval.objects.get()
    assert approval.summary == "Refund 3 payments: ₹125.50, ¥5,000"
    assert answer.headers["Location"] == f"/admin/approvals/{approval.public_id}/"
    assert not Refund.objects.exists()
    assert second.landed(decide(second, approval)).startswith("Approved.")
    assert tasks.execute(approval_id=approval.public_id) is True
    for payment in paid:
        payment.refresh_from_db()
    assert [payment.status for payment in paid] == ["refunded"] * 3
    given = Refund.objects.order_by("amount")
    assert [(each.amount, each.reason, each.note, each.created_by) for each in given] == [
        (amount, "order_cancelled", "Shop closed", asker.user.public_id) for amount in (2_550, 5_000, 10_000)
    ]
    shown = second.read("approval_detail", approval.public_id)
    assert "3 of 3 refunded." in shown
    assert "Executed" in shown
    assert not {rule.name: lines for rule in registered() if (lines := rule.check())}


def test_what_cannot_be_refunded_is_listed_before_asking(shop: Shop) -> None:
    person = Person(shop.merchant)
    paid, held, lost = shop.pay(10_000), shop.pay(700, capture="manual"), shop.pay(800, token="tok_stolen_card")
    gone = shop.pay(900)
    refund.refund_payment(actor=shop.actor, payment_id=gone.public_id)
    query = "?" + "&".join(f"id={payment.public_id}" for payment in (paid, held, lost, gone))
    shown = person.read("payment_bulk_refund", query=query)
    assert "Cannot be refunded (3)" in shown
    assert shown.count("nothing was captured") == 2
    assert "everything was given back already" in shown
    assert "Will be refunded (1)" in shown
    assert "Total: ₹100.00" in shown
    ask(person, [paid, held, lost, gone])
    assert [item["payment_id"] for item in Approval.objects.get().arguments["refunds"]] == [paid.public_id]


def test_nobody_approves_their_own_refunds(shop: Shop) -> None:
    for person in (Person(shop.merchant, "owner"), Person(shop.merchant, root=True)):
        ask(person, [shop.pay(10_000)])
        approval = Approval.objects.get(requested_by=person.user.public_id)
        shown = person.read("approval_detail", approval.public_id)
        assert "you cannot approve it yourself" in shown
        assert "Approve and carry out" not in shown
        assert "You asked for this yourself" in person.landed(decide(person, approval))
        approval.refresh_from_db()
        assert approval.state == "requested"
    assert not Refund.objects.exists()


def test_a_viewer_neither_asks_nor_decides(shop: Shop) -> None:
    asker, viewer = Person(shop.merchant), Person(shop.merchant, "viewer")
    paid = shop.pay(10_000)
    assert viewer.get("payment_bulk_refund", query=f"?id={paid.public_id}").status_code == 403
    assert viewer.client.post(reverse("admin:payment_bulk_refund"), {"id": paid.public_id}).status_code == 403
    ask(asker, [paid])
    approval = Approval.objects.get()
    assert viewer.get("approval_detail", approval.public_id).status_code == 404
    assert decide(viewer, approval).status_code == 404
    assert "Nothing waits" in viewer.read("approvals")


def test_a_part_that_fails_is_told_and_does_not_stop_the_rest(shop: Shop) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    good, taken, broken = shop.pay(10_000), shop.pay(6_000), shop.pay(3_000, token="tok_refund_declined")
    ask(asker, [good, taken, broken])
    approval = Approval.objects.get()
    refund.refund_payment(actor=shop.actor, payment_id=taken.public_id, amount=1)
    decide(second, approval)
    tasks.execute(approval_id=approval.public_id)
    approval.refresh_from_db()
    assert (approval.state, approval.result["summary"]) == ("executed", "1 of 3 refunded, 2 not refunded.")
    results = {item["payment_id"]: item["status"] for item in approval.result["refunds"]}
    assert results == {good.public_id: "succeeded", taken.public_id: "refused", broken.public_id: "failed"}
    shown = second.read("approval_detail", approval.public_id)
    assert "Only INR 59.99 is left to refund" in shown
    assert "2 not refunded" in shown


def test_when_nothing_could_be_refunded_the_approval_has_failed(shop: Shop) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    paid = shop.pay(10_000)
    ask(asker, [paid])
    approval = Approval.objects.get()
    refund.refund_payment(actor=shop.actor, payment_id=paid.public_id)
    decide(second, approval)
    tasks.execute(approval_id=approval.public_id)
    approval.refresh_from_db()
    assert (approval.state, approval.result["summary"]) == ("failed", "0 of 1 refunded, 1 not refunded.")
    assert Event.objects.filter(type="approval.failed").count() == 1


def test_twenty_tasks_refund_each_payment_once(shop: Shop) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    paid = [shop.pay(1_000 + number) for number in range(5)]
    ask(asker, paid)
    approval = Approval.objects.get()
    decide(second, approval)
    at_once(20, lambda _: tasks.execute(approval_id=approval.public_id))
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [1_000, 1_001, 1_002, 1_003, 1_004]
    approval.refresh_from_db()
    assert approval.state == "executed"


def test_a_run_that_died_half_way_is_finished_and_repeats_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    paid = [shop.pay(1_000 + number) for number in range(4)]
    ask(asker, paid)
    approval = Approval.objects.get()
    decide(second, approval)

    class Killed(BaseException):
        pass

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr("os.kill", die)
    monkeypatch.setattr("rupai.core.failpoints._hits", 0)
    monkeypatch.setenv("RUPAI_CRASH_AT", "refund.after_call:3")
    with pytest.raises(Killed):
        tasks.execute(approval_id=approval.public_id)
    monkeypatch.delenv("RUPAI_CRASH_AT")
    assert Refund.objects.filter(state="succeeded").count() == 2
    with clock.at(clock.now() + LEASE):
        assert tasks.execute(approval_id=approval.public_id) is True
    assert sorted(Refund.objects.values_list("amount", "state")) == [(1_000 + n, "succeeded") for n in range(4)]
    approval.refresh_from_db()
    assert approval.result["summary"] == "4 of 4 refunded."
    assert not {rule.name: lines for rule in registered() if (lines := rule.check())}


def test_amounts_that_changed_since_the_page_was_read_are_not_asked_for(shop: Shop) -> None:
    person = Person(shop.merchant)
    paid = shop.pay(10_000)
    answer = ask(person, [paid], **{f"amount_{paid.public_id}": "9999"})
    assert answer.status_code == 422
    assert "has changed" in words(answer)
    assert not Approval.objects.exists()


def test_sending_the_page_twice_asks_once(shop: Shop) -> None:
    person = Person(shop.merchant)
    paid = shop.pay(10_000)
    assert ask(person, [paid], idempotency_key="form-00000007").status_code == 302
    assert ask(person, [paid], idempotency_key="form-00000007").status_code == 302
    assert Approval.objects.count() == 1


def test_another_merchants_payments_are_not_in_the_selection(shop: Shop) -> None:
    other = Shop(new_merchant("Elsewhere"))
    person = Person(shop.merchant)
    foreign = other.pay(10_000)
    assert "Nothing here can be refunded" in person.read("payment_bulk_refund", query=f"?id={foreign.public_id}")
    with pytest.raises(NotFound):
        bulk_refund.request_bulk_refund(
            actor=shop.actor, amounts={foreign.public_id: 1}, reason="other", idempotency_key="form-00000001"
        )


def test_the_service_refuses_too_many_none_and_too_much(shop: Shop) -> None:
    paid = shop.pay(10_000)
    for amounts, error in [
        ({}, NothingToRefund),
        ({paid.public_id: 10_001}, NothingToRefund),
        ({paid.public_id: 0}, NothingToRefund),
        ({f"pay_{number}": 1 for number in range(101)}, TooMany),
    ]:
        with pytest.raises(error):
            bulk_refund.request_bulk_refund(
                actor=shop.actor, amounts=amounts, reason="other", idempotency_key="form-00000001"
            )
    powerless = shop.actor.__class__("key", "key_1", shop.merchant.pk, False, frozenset({"payments:read"}))
    with pytest.raises(ScopeMissing):
        bulk_refund.request_bulk_refund(actor=powerless, amounts={}, reason="other", idempotency_key="form-00000001")


def test_deciding_asks_for_a_fresh_proof(shop: Shop) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    ask(asker, [shop.pay(10_000)])
    approval = Approval.objects.get()
    session = second.client.session
    session["verified_at"] = 0.0
    session.save()
    answer = decide(second, approval)
    assert answer.headers["Location"].startswith("/admin/confirm/?next=")
    approval.refresh_from_db()
    assert approval.state == "requested"


def test_the_queue_shows_what_waits_and_what_was_decided(shop: Shop) -> None:
    asker, second = Person(shop.merchant), Person(shop.merchant, "owner")
    ask(asker, [shop.pay(10_000)])
    approval = Approval.objects.get()
    assert "Waiting (1)" in second.read("approvals")
    assert "Refund 1 payment: ₹100.00" in second.read("approvals")
    assert second.landed(decide(second, approval, "reject", "")).startswith("A rejection needs a reason")
    assert second.landed(decide(second, approval, "reject", "Not this week")) == "Rejected. Nothing was done."
    assert "Not this week" in asker.read("approval_detail", approval.public_id)
    assert "Waiting (0)" in second.read("approvals")
    assert "Rejected" in second.read("approvals", query="?tab=decided")
    assert Person(new_merchant("Elsewhere"), "owner").get("approval_detail", approval.public_id).status_code == 404


def test_whoever_asked_takes_it_back(shop: Shop) -> None:
    asker = Person(shop.merchant)
    ask(asker, [shop.pay(10_000)])
    approval = Approval.objects.get()
    assert asker.landed(decide(asker, approval, "cancel")) == "Taken back. Nothing was done."
    approval.refresh_from_db()
    assert approval.state == "cancelled"
