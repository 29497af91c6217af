"""The page of one payment: everything that happened, in order, for those who may see it."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compliance.audit import sequencer
from payments import timeline
from payments.models import Payment
from payments.services import capture, refund
from payments.tests.consoles import Person, words
from payments.tests.factories import Shop, new_merchant
from rupai.core.models import Event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
# Allowed only to fall; the first page and the fragment read the same rows.
QUERIES_OF_THE_STORY = 8
QUERIES_OF_THE_PAGE = 24


def test_the_page_begins_with_the_amount_and_tells_the_facts(shop: Shop) -> None:
    paid = shop.pay(1_234_550, order_id="INV-5351", description="Tea for a year")
    shown = Person(shop.merchant).read("payment_detail", paid.public_id)
    for fact in ("₹12,345.50", "Captured", "INV-5351", "Tea for a year", "Asha Rao", "asha@example.in", "•••• 4242"):
        assert fact in shown, fact
    assert paid.public_id in shown


def test_the_timeline_is_one_story_in_order_of_time(shop: Shop) -> None:
    paid = shop.pay(10_000)
    refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=2_500)
    sequencer.sequence()
    steps = timeline.story_of(Payment.objects.get(pk=paid.pk)).steps
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    kinds = [step.kind for step in steps]
    assert kinds[0] == "request"
    assert kinds.index("risk") < kinds.index("route") < kinds.index("outcome")
    ledger = [
        (step.title, step.row.amount, step.facts["debit"], step.facts["credit"])
        for step in steps
        if step.kind == "ledger"
    ]
    assert ledger == [
        ("Ledger: capture posted", 10_000, "Provider clearing", "Merchant payable"),
        ("Ledger: fee posted", 190, "Merchant payable", "Fee revenue"),
        ("Ledger: refund held", 2_500, "Merchant payable", "Provider clearing"),
        ("Ledger: refund posted", 2_500, "Merchant payable", "Provider clearing"),
    ]
    told = [step.event.type for step in steps if step.event is not None]
    assert told == [
        "payment.created",
        "payment.captured",
        "refund.created",
        "refund.succeeded",
        "payment.refunded",
    ]
    assert all(step.event.seq for step in steps if step.event is not None)
    assert all(len(timeline.seal_of(step.event)) == 64 for step in steps if step.event is not None)


def test_the_page_shows_who_why_where_and_what_was_posted(shop: Shop) -> None:
    paid = shop.pay(10_000)
    sequencer.sequence()
    shown = Person(shop.merchant).read("payment_detail", paid.public_id)
    event = Event.objects.get(type="payment.captured")
    for fact in (
        "Payment requested",
        "Risk scored: allow",
        "no rule fired",
        "first of 1 eligible by priority",
        "Attempt 1 is charged",
        "Dr Provider clearing Cr Merchant payable",
        f"event {event.seq}",
        event.audit_entry.hash[:12],
    ):
        assert fact in shown, fact


def test_a_decline_is_told_with_its_codes(shop: Shop) -> None:
    lost = shop.pay(10_000, token="tok_stolen_card")
    shown = Person(shop.merchant).read("payment_detail", lost.public_id)
    for fact in ("Failed", "card_lost_or_stolen", "stolen_card", "Attempt 1 is declined"):
        assert fact in shown, fact
    assert "Refund" not in [word for word in shown.split("Timeline")[0].split() if word == "Refund"]


def test_the_number_of_queries_does_not_grow_with_the_story(shop: Shop) -> None:
    short, long = shop.pay(10_000), shop.pay(10_000)
    for _ in range(6):
        refund.refund_payment(actor=shop.actor, payment_id=long.public_id, amount=500)
    sequencer.sequence()

    def count(payment: Payment) -> int:
        fresh = Payment.objects.select_related("payment_method").get(pk=payment.pk)
        with CaptureQueriesContext(connection) as asked:
            timeline.story_of(fresh)
        return len(asked)

    assert count(short) == count(long) == QUERIES_OF_THE_STORY
    person = Person(shop.merchant)

    def count_of_page(payment: Payment) -> int:
        with CaptureQueriesContext(connection) as asked:
            person.read("payment_detail", payment.public_id)
        return len(asked)

    assert count_of_page(short) == count_of_page(long) <= QUERIES_OF_THE_PAGE


def test_htmx_gets_the_part_that_changes_and_history_the_whole_page(shop: Shop) -> None:
    paid = shop.pay(10_000)
    person = Person(shop.merchant)
    part = person.get("payment_detail", paid.public_id, **{"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div class="grid-2-1" id="payment"')
    assert "HX-Request" in part.headers["Vary"]
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in person.get("payment_detail", paid.public_id, **restored).content.decode()


def test_an_open_payment_refreshes_itself_and_an_ended_one_does_not(shop: Shop) -> None:
    person = Person(shop.merchant)
    ended, waiting = shop.pay(10_000), shop.pay(10_000, token="tok_3ds_required")
    assert waiting.status == "requires_action"
    assert "hx-trigger" in person.get("payment_detail", waiting.public_id).content.decode().split('id="payment"')[1]
    assert 'id="payment">' in person.get("payment_detail", ended.public_id).content.decode()


def test_another_merchants_payment_is_not_there(shop: Shop) -> None:
    paid = shop.pay(10_000)
    stranger = Person(new_merchant("Elsewhere"), "owner")
    for page in ("payment_detail", "payment_capture", "payment_cancel", "payment_refund"):
        assert stranger.get(page, paid.public_id).status_code == 404
        assert stranger.client.post(stranger.get(page, paid.public_id).wsgi_request.path).status_code == 404
    assert stranger.client.post(f"/admin/payments/{paid.public_id}/settle/").status_code == 404


def test_the_platforms_own_people_see_every_merchants_payments_of_the_mode_they_are_in(shop: Shop) -> None:
    paid = shop.pay(10_000)
    root = Person(shop.merchant, root=True)
    assert "₹100.00" in root.read("payment_detail", paid.public_id)
    assert root.client.post("/admin/place/", {"mode": "live"}).status_code == 302
    assert root.get("payment_detail", paid.public_id).status_code == 404
    assert root.get("payment_refund", paid.public_id).status_code == 404
    assert root.get("customer_detail", shop.customer.public_id).status_code == 404
    found = root.read("payment_new", query=f"?customer={shop.customer.public_id}")
    assert "No customer has exactly this" in found


@pytest.mark.parametrize(("role", "offered"), [("viewer", []), ("support", ["Refund"]), ("finance", ["Refund"])])
def test_only_what_a_role_may_do_is_offered(shop: Shop, role: str, offered: list[str]) -> None:
    paid, held = shop.pay(10_000), shop.pay(10_000, capture="manual")
    person = Person(shop.merchant, role)
    context = person.get("payment_detail", paid.public_id).context
    assert [action.title for action in context["actions"]] == offered
    titles = [action.title for action in person.get("payment_detail", held.public_id).context["actions"]]
    assert titles == (["Cancel", "Capture"] if role == "finance" else [])


def test_a_viewer_is_refused_every_act_and_nothing_moves(shop: Shop) -> None:
    paid, held = shop.pay(10_000), shop.pay(10_000, capture="manual")
    viewer = Person(shop.merchant, "viewer")
    for payment, act in [(paid, "refund"), (held, "capture"), (held, "cancel"), (held, "settle")]:
        url = f"/admin/payments/{payment.public_id}/{act}/"
        fields = {"amount": "1.00", "reason": "other", "idempotency_key": "form-00000000"}
        assert viewer.client.post(url, fields).status_code == 403, act
    paid.refresh_from_db()
    held.refresh_from_db()
    assert (paid.amount_refunded, held.state) == (0, "authorized")


def test_an_address_that_is_no_payment_is_not_there(shop: Shop) -> None:
    person = Person(shop.merchant)
    assert person.client.get("/admin/payments/pay_0000000000000000000001/").status_code == 404
    assert person.client.get("/admin/payments/pay_1/").status_code == 404


def test_personal_data_is_for_those_who_may_see_it(shop: Shop) -> None:
    paid = shop.pay(10_000)
    person = Person(shop.merchant, "viewer")
    assert person.member is not None
    role: Any = person.member.role
    role.pk, role.merchant, role.name, role.scopes = None, shop.merchant, "blind", ["payments:read"]
    role.save(force_insert=True)
    person.member.role = role
    person.member.save()
    shown = words(person.get("payment_detail", paid.public_id))
    assert "asha@example.in" not in shown
    assert "Asha Rao" not in shown


def test_what_was_said_to_the_provider_is_shown_without_secrets(shop: Shop) -> None:
    paid = shop.pay(10_000)
    attempt = paid.tries.get()
    shown = Person(shop.merchant).get("payment_detail", paid.public_id).content.decode()
    assert "<details" in shown
    assert attempt.reference in shown
    assert "tok_visa" not in shown


def test_a_partial_capture_is_told(shop: Shop) -> None:
    held = shop.pay(10_000, capture="manual")
    capture.capture_payment(actor=shop.actor, payment_id=held.public_id, amount=4_000)
    shown = Person(shop.merchant).read("payment_detail", held.public_id)
    assert "Partially captured" in shown
    assert "₹40.00" in shown


def test_the_admins_own_addresses_lead_to_the_pages(shop: Shop) -> None:
    paid = shop.pay(10_000)
    given = refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=100)
    person = Person(shop.merchant, "owner")
    for page, key, own in [
        ("payments_payment_change", paid.pk, f"/admin/payments/{paid.public_id}/"),
        ("payments_refund_change", given.pk, f"/admin/payments/refunds/{given.public_id}/"),
        ("accounts_customer_change", paid.customer_id, f"/admin/payments/customers/{shop.customer.public_id}/"),
    ]:
        assert person.get(page, str(key)).headers["Location"] == own
    stranger = Person(new_merchant("Elsewhere"), "owner")
    assert stranger.get("payments_payment_change", str(paid.pk)).status_code == 404


def test_a_selection_in_the_list_leads_to_its_refund(shop: Shop) -> None:
    paid = [shop.pay(10_000), shop.pay(5_000)]
    person = Person(shop.merchant, "support")
    chosen = {"action": "refund", "_selected_action": [str(payment.pk) for payment in paid]}
    answer = person.client.post("/admin/payments/payment/", chosen)
    assert answer.headers["Location"].startswith("/admin/payments/bulk-refund/?id=pay_")
    assert "Total: ₹150.00" in words(person.client.get(answer.headers["Location"]))
