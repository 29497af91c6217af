"""Capture, cancel and refund from the console: exact amounts, clear refusals, and once however often it is sent."""

import pytest

from payments.models import Capture, Payment, Refund
from payments.sandbox.acquirer import Acquirer
from payments.tests.consoles import Person, hidden, words
from payments.tests.factories import Shop
from rupai.accounts.tests.factories import at_once
from rupai.core.invariants import registered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def person(shop: Shop) -> Person:
    return Person(shop.merchant, "finance")


def now(payment: Payment) -> tuple[str, int, int]:
    payment.refresh_from_db()
    return payment.status, payment.amount_captured, payment.amount_refunded


def assert_invariants() -> None:
    assert not {rule.name: lines for rule in registered() if (lines := rule.check())}


def test_all_is_captured_as_filled_in(shop: Shop, person: Person) -> None:
    held = shop.pay(10_000, capture="manual")
    assert 'value="100.00"' in person.get("payment_capture", held.public_id).content.decode()
    answer = person.send("payment_capture", held.public_id, fields={"amount": "100.00"})
    assert person.landed(answer) == "Captured INR 100.00."
    assert answer.headers["Location"] == f"/admin/payments/{held.public_id}/"
    assert now(held) == ("captured", 10_000, 0)
    assert_invariants()


def test_a_part_is_captured(shop: Shop, person: Person) -> None:
    held = shop.pay(10_000, capture="manual")
    assert (
        person.landed(person.send("payment_capture", held.public_id, fields={"amount": "40.5"}))
        == "Captured INR 40.50."
    )
    assert now(held) == ("partially_captured", 4_050, 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "This field is required"),
        ("1,000.00", "at most 2 decimals"),
        ("10.001", "at most 2 decimals"),
        ("1e3", "is no amount in INR"),
        ("-5", "above zero"),
        ("0", "above zero"),
        ("0.00", "above zero"),
        ("ten", "Like 1234.50, without commas"),
        ("100.01", "Only INR 100.00 is left to"),
        ("9999999999999999", "Only INR 100.00 is left to"),
    ],
)
def test_an_amount_that_cannot_be_taken_is_refused_and_kept(shop: Shop, person: Person, typed: str, said: str) -> None:
    held, paid = shop.pay(10_000, capture="manual"), shop.pay(10_000)
    for page, payment in (("payment_capture", held), ("payment_refund", paid)):
        answer = person.send(page, payment.public_id, fields={"amount": typed, "reason": "other"})
        shown = words(answer)
        assert answer.status_code >= 400 or "Write an amount" in shown, answer.status_code
        if typed == "9999999999999999":
            assert "left to" in shown or "above zero" in shown
        else:
            assert said in shown, shown
        assert f'value="{typed}"' in answer.content.decode() or not typed
    assert now(held) == ("authorized", 0, 0)
    assert now(paid) == ("captured", 10_000, 0)
    assert not Refund.objects.exists()


def test_yen_have_no_decimals(shop: Shop, person: Person) -> None:
    paid = shop.pay(5_000, currency="JPY")
    answer = person.send("payment_refund", paid.public_id, fields={"amount": "10.5", "reason": "other"})
    assert "at most 0 decimals" in words(answer)
    answer = person.send("payment_refund", paid.public_id, fields={"amount": "1200", "reason": "other"})
    assert person.landed(answer) == "Refunded JPY 1200."
    assert now(paid) == ("partially_refunded", 5_000, 1_200)


def test_a_refund_has_its_reason_note_and_author(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000)
    fields = {"amount": "25.00", "reason": "duplicate", "note": "Paid twice"}
    assert person.landed(person.send("payment_refund", paid.public_id, fields=fields)) == "Refunded INR 25.00."
    refund = Refund.objects.get()
    assert (refund.amount, refund.reason, refund.note) == (2_500, "duplicate", "Paid twice")
    assert refund.created_by == person.user.public_id
    assert now(paid) == ("partially_refunded", 10_000, 2_500)
    assert_invariants()


def test_late_success_is_no_reason_for_people(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000)
    answer = person.send("payment_refund", paid.public_id, fields={"amount": "1.00", "reason": "late_success"})
    assert answer.status_code == 422
    assert not Refund.objects.exists()


def test_sending_the_same_form_again_moves_money_once(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000)
    url = f"/admin/payments/{paid.public_id}/refund/"
    fields = {**hidden(person.client.get(url)), "amount": "30.00", "reason": "other"}
    first, second = person.client.post(url, fields), person.client.post(url, fields)
    assert person.landed(first) == person.landed(second) == "Refunded INR 30.00."
    assert now(paid) == ("partially_refunded", 10_000, 3_000)
    changed = person.client.post(url, {**fields, "amount": "31.00"})
    assert changed.status_code == 422
    assert "This key was used for another request" in words(changed)
    assert Refund.objects.count() == 1


def test_the_same_form_sent_at_once_moves_money_once(shop: Shop) -> None:
    people = [Person(shop.merchant, "finance")] * 6
    paid = shop.pay(10_000)
    url = f"/admin/payments/{paid.public_id}/refund/"
    fields = {**hidden(people[0].client.get(url)), "amount": "30.00", "reason": "other"}
    answers = at_once(6, lambda index: people[index].client.post(url, fields))
    assert {answer.status_code for answer in answers} <= {302, 409}
    assert any(answer.status_code == 302 for answer in answers)
    assert now(paid) == ("partially_refunded", 10_000, 3_000)
    assert_invariants()


def test_a_form_without_its_key_is_refused(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000)
    answer = person.client.post(f"/admin/payments/{paid.public_id}/refund/", {"amount": "30.00", "reason": "other"})
    assert answer.status_code == 400
    assert now(paid) == ("captured", 10_000, 0)


def test_what_is_held_is_released(shop: Shop, person: Person, acquirer: Acquirer) -> None:
    held = shop.pay(10_000, capture="manual")
    answer = person.send("payment_cancel", held.public_id)
    assert person.landed(answer) == "Cancelled. What was held is released."
    assert now(held) == ("cancelled", 0, 0)


def test_what_cannot_be_done_says_why_and_moves_nothing(shop: Shop, person: Person) -> None:
    paid, held, lost = shop.pay(10_000), shop.pay(10_000, capture="manual"), shop.pay(10_000, token="tok_stolen_card")
    for page, payment, why in [
        ("payment_capture", paid, "Nothing is authorised that could be captured"),
        ("payment_cancel", paid, "only while nothing of it was taken"),
        ("payment_refund", held, "Nothing is captured that could be given back"),
        ("payment_refund", lost, "Nothing is captured that could be given back"),
    ]:
        shown = person.get(page, payment.public_id)
        assert why in words(shown)
        assert '<button class="button danger"' not in shown.content.decode()
        forced = {"idempotency_key": "form-00000001", "amount": "1.00", "reason": "other"}
        refused = person.client.post(shown.wsgi_request.path, forced)
        assert refused.status_code in {409, 422}, page
    assert [now(payment)[0] for payment in (paid, held, lost)] == ["captured", "authorized", "failed"]
    assert Capture.objects.filter(payment=held).count() == Refund.objects.count() == 0


def test_asking_the_provider_settles_what_was_open(shop: Shop, person: Person) -> None:
    waiting = shop.pay(10_000, token="tok_3ds_required", capture="manual")
    url = f"/admin/payments/{waiting.public_id}/settle/"
    assert person.client.get(url).status_code == 405
    answer = person.client.post(url)
    assert "The provider was asked" in person.landed(answer)
    assert answer.headers["Location"] == f"/admin/payments/{waiting.public_id}/"
