"""Taking a payment by hand, and the pages of customers and refunds."""

from typing import Any

import pytest

from payments.models import Payment, PaymentMethod, ProviderAccount
from payments.services import refund
from payments.tests.consoles import Person, hidden, words
from payments.tests.factories import Shop, new_customer, new_merchant, new_method

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def person(shop: Shop) -> Person:
    return Person(shop.merchant, "owner")


def take(shop: Shop, person: Person, **fields: Any) -> Any:
    given = {"method": "tok_visa", "amount": "100.00", "currency": "INR", "capture": "automatic", **fields}
    return person.send("payment_new", query=f"?customer={shop.customer.public_id}", fields=given)


def test_the_customer_is_found_by_address_or_id(shop: Shop, person: Person) -> None:
    assert "whose payment is it?" in person.read("payment_new")
    found = person.get("payment_new", query="?customer=ASHA@example.in")
    assert found.headers["Location"] == f"/admin/payments/new/?customer={shop.customer.public_id}"
    assert "Asha Rao" in person.read("payment_new", query=f"?customer={shop.customer.public_id}")
    nobody = person.read("payment_new", query="?customer=nobody@example.in")
    assert "No customer has exactly this e-mail address" in nobody
    twin = new_customer(shop.actor)
    several = person.read("payment_new", query="?customer=asha@example.in")
    assert "Several customers" in several
    assert twin.public_id in several


def test_a_payment_by_test_token_is_taken(shop: Shop, person: Person) -> None:
    answer = take(shop, person, description="Tea", order_id="INV-1")
    payment = Payment.objects.get()
    assert person.landed(answer) == "INR 100.00 captured."
    assert answer.headers["Location"] == f"/admin/payments/{payment.public_id}/"
    assert (payment.amount, payment.status, payment.order_id) == (10_000, "captured", "INV-1")
    assert payment.created_by == person.user.public_id


def test_a_payment_by_saved_method_is_held(shop: Shop, person: Person) -> None:
    saved = new_method(shop.actor, shop.customer)
    answer = take(shop, person, method=saved.public_id, amount="12.5", currency="USD", capture="manual")
    assert person.landed(answer) == "USD 12.50 authorized."
    payment = Payment.objects.get()
    assert (payment.amount, payment.payment_method_id, payment.amount_captured) == (1_250, saved.pk, 0)


def test_a_payment_may_wait_for_its_method(shop: Shop, person: Person) -> None:
    assert person.landed(take(shop, person, method="later:upi")) == "The payment is requires payment method."
    assert Payment.objects.get().method == "upi"


def test_a_decline_is_told(shop: Shop, person: Person) -> None:
    assert person.landed(take(shop, person, method="tok_stolen_card")).startswith("Declined: ")
    assert Payment.objects.get().status == "failed"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount": "1,000"}, "Like 1234.50, without commas"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "10.50", "currency": "JPY"}, "at most 0 decimals"),
        ({"currency": "XXX"}, "Select a valid choice"),
        ({"method": "pm_0000000000000000000001"}, "Select a valid choice"),
        ({"method": ""}, "This field is required"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    shop: Shop, person: Person, fields: dict[str, str], said: str
) -> None:
    answer = take(shop, person, order_id="INV-77", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert 'value="INV-77"' in answer.content.decode()
    assert not Payment.objects.exists()


def test_a_refusal_of_the_service_stands_beside_the_method(shop: Shop, person: Person) -> None:

    ProviderAccount.objects.update(currencies=["USD"])
    answer = take(shop, person, order_id="INV-78")
    shown = words(answer)
    assert answer.status_code == 422
    assert "No provider account takes card in INR" in shown
    assert "does not take INR" in shown
    assert 'value="INV-78"' in answer.content.decode()
    assert not Payment.objects.exists()


def test_sending_the_form_twice_charges_once(shop: Shop, person: Person) -> None:
    url = f"/admin/payments/new/?customer={shop.customer.public_id}"
    fields = {"method": "tok_visa", "amount": "100.00", "currency": "INR", "capture": "automatic"}
    form = {**hidden(person.client.get(url)), **fields}
    first, second = person.client.post(url, form), person.client.post(url, form)
    assert first.headers["Location"] == second.headers["Location"]
    assert Payment.objects.count() == 1
    assert PaymentMethod.objects.count() == 1


def test_a_viewer_takes_nothing_and_strangers_customers_are_not_found(shop: Shop, person: Person) -> None:
    viewer = Person(shop.merchant, "viewer")
    assert viewer.get("payment_new").status_code == 403
    assert viewer.client.post("/admin/payments/new/").status_code == 403
    other = Shop(new_merchant("Elsewhere"))
    shown = person.read("payment_new", query=f"?customer={other.customer.public_id}")
    assert "No customer has exactly this" in shown


def test_a_customers_page_adds_up_each_currency(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000)
    shop.pay(2_550)
    shop.pay(700, token="tok_stolen_card")
    shop.pay(5_000, currency="JPY")
    refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=1_050)
    answer = person.get("customer_detail", shop.customer.public_id)
    totals = [
        (each.currency, each.payments, each.failed, each.captured, each.refunded, each.kept)
        for each in answer.context["totals"]
    ]
    assert totals == [("INR", 3, 1, 12_550, 1_050, 11_500), ("JPY", 1, 0, 5_000, 0, 5_000)]
    shown = words(answer)
    for fact in ("Asha Rao", "asha@example.in", "₹125.50", "₹10.50", "₹115.00", "¥5,000", "•••• 4242", paid.public_id):
        assert fact in shown, fact


def test_a_new_customers_page_is_empty_and_says_what_comes(shop: Shop, person: Person) -> None:
    shown = person.read("customer_detail", shop.customer.public_id)
    assert "No payments yet" in shown
    stranger = Person(new_merchant("Elsewhere"), "owner")
    assert stranger.get("customer_detail", shop.customer.public_id).status_code == 404


def test_a_refunds_page_tells_its_story(shop: Shop, person: Person) -> None:
    paid = shop.pay(10_000, token="tok_refund_declined")
    lost = refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=2_500, note="Too cold")
    shown = person.read("refund_detail", lost.public_id)
    for fact in ("₹25.00", "Failed", "refund.created", "refund.failed", "Too cold", paid.public_id):
        assert fact in shown, fact
    assert Person(new_merchant("Elsewhere"), "owner").get("refund_detail", lost.public_id).status_code == 404
