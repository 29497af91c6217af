"""Filling wallets and paying out of them in the console: at once, refused, or after a second person has agreed."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from payments.models import Payout
from payments.tests.factories import Shop, new_customer, new_method
from payments.tests.test_wallet_payments import Payer
from rupai.accounts.tests.factories import new_member
from rupai.approvals.models import Approval
from rupai.approvals.services.decide import approve
from rupai.approvals.services.execute import execute
from rupai.core.actor import Actor
from rupai.core.models import Event
from tests.places import sandbox_in_process
from wallets.forms.wallets import WalletTermsForm
from wallets.models import WalletTransfer
from wallets.services.terms import approval_over, set_approval_over
from wallets.services.wallets import freeze_wallet, open_wallet

pytestmark = pytest.mark.django_db
ONCE = {"idempotency_key": "form-0123456789"}


@pytest.fixture(autouse=True)
def sandbox() -> Iterator[None]:
    with sandbox_in_process():
        yield


@pytest.fixture
def payer() -> Payer:
    """A customer with 100.00 rupees in a wallet, and a card."""
    return Payer()


def person(shop: Shop, role: str = "owner") -> tuple[Client, Any]:
    member = new_member(merchant=shop.merchant, role=role, is_staff=True)
    client = Client()
    client.force_login(member.user)
    return client, member.user


def at(name: str, payer: Payer) -> str:
    return reverse(f"admin:wallet_{name}", args=[payer.wallet.public_id])


def limit(payer: Payer, most: int) -> None:
    set_approval_over(actor=payer.actor, most={"INR": most}, seen={})


def decide(payer: Payer) -> str:
    """Let a second person agree, and the worker carry it out twice over."""
    asked = Approval.objects.get()
    _, second = person(payer, "admin")
    colleague = Actor("user", second.public_id, payer.merchant.pk, False, payer.actor.scopes, "console")
    approve(actor=colleague, approval_id=asked.public_id)
    execute(approval_id=asked.public_id)
    execute(approval_id=asked.public_id)
    asked.refresh_from_db()
    return str(asked.state)


def test_a_saved_card_fills_the_wallet(payer: Payer) -> None:
    card = new_method(payer.actor, payer.customer)
    client, _ = person(payer)
    answer = client.post(at("top_up", payer), {**ONCE, "method": card.public_id, "amount": "25.50"})
    assert (answer.status_code, answer["Location"]) == (302, at("detail", payer))
    client.post(at("top_up", payer), {**ONCE, "method": card.public_id, "amount": "25.50"})
    assert payer.books[0] == 125_50


def test_a_declined_card_fills_nothing_and_leads_to_its_payment(payer: Payer) -> None:
    card = new_method(payer.actor, payer.customer, "tok_insufficient_funds")
    answer = person(payer)[0].post(at("top_up", payer), {**ONCE, "method": card.public_id, "amount": "25.50"})
    assert "/admin/payments/pay_" in answer["Location"]
    assert payer.books[0] == 100_00


def test_without_a_saved_method_there_is_nothing_to_charge(payer: Payer) -> None:
    text = person(payer)[0].get(at("top_up", payer)).content.decode()
    assert "no saved payment method" in text


def test_a_withdrawal_is_paid_out_once(payer: Payer) -> None:
    client, _ = person(payer)
    wish = {**ONCE, "destination": "bank_success", "amount": "40.00"}
    assert client.post(at("withdraw", payer), wish)["Location"] == at("detail", payer)
    client.post(at("withdraw", payer), wish)
    assert [(row.amount, row.status) for row in Payout.objects.all()] == [(40_00, "paid")]
    assert payer.books[:2] == (60_00, 0)


@pytest.mark.parametrize("amount", ["100.01", "0", "-1", "1.005", "1,000.00", ""])
def test_an_amount_that_cannot_leave_is_refused_beside_its_field(payer: Payer, amount: str) -> None:
    answer = person(payer)[0].post(at("withdraw", payer), {**ONCE, "destination": "bank_success", "amount": amount})
    assert answer.status_code == 422
    assert answer.context["form"].errors["amount"]
    assert not Payout.objects.exists()
    assert payer.books[0] == 100_00


def test_a_frozen_wallet_offers_neither(payer: Payer) -> None:
    client, _ = person(payer)
    assert at("withdraw", payer) in client.get(at("detail", payer)).content.decode()
    freeze_wallet(actor=payer.actor, wallet_id=payer.wallet.public_id)
    shown = client.get(at("detail", payer)).content.decode()
    assert at("withdraw", payer) not in shown
    assert at("top_up", payer) not in shown
    answer = client.post(at("withdraw", payer), {**ONCE, "destination": "bank_success", "amount": "1.00"})
    assert answer.status_code == 409
    assert not Payout.objects.exists()


def test_a_withdrawal_above_the_limit_waits_for_a_second_person(payer: Payer) -> None:
    limit(payer, 30_00)
    wish = {**ONCE, "destination": "bank_success", "amount": "30.01"}
    answer = person(payer)[0].post(at("withdraw", payer), wish)
    assert "/admin/approvals/apr_" in answer["Location"]
    assert (payer.books[0], Payout.objects.count()) == (100_00, 0)
    assert "bank_success" not in str(Approval.objects.get().arguments)
    assert decide(payer) == "executed"
    assert [(row.amount, row.status) for row in Payout.objects.all()] == [(30_01, "paid")]
    assert payer.books[:2] == (69_99, 0)


def test_a_top_up_above_the_limit_waits_for_a_second_person(payer: Payer) -> None:
    limit(payer, 30_00)
    card = new_method(payer.actor, payer.customer)
    person(payer)[0].post(at("top_up", payer), {**ONCE, "method": card.public_id, "amount": "50.00"})
    assert payer.books[0] == 100_00
    assert decide(payer) == "executed"
    assert payer.books[0] == 150_00


def test_a_transfer_above_the_limit_waits_for_a_second_person(payer: Payer) -> None:
    limit(payer, 30_00)
    theirs = open_wallet(actor=payer.actor, customer_id=new_customer(payer.actor).public_id, currency="INR")
    client, _ = person(payer)
    client.post(at("transfer", payer), {**ONCE, "to_wallet": theirs.public_id, "amount": "30.00"})
    assert payer.books[0] == 70_00
    more = {"idempotency_key": "form-9876543210", "to_wallet": theirs.public_id, "amount": "30.01"}
    client.post(at("transfer", payer), more)
    assert (payer.books[0], WalletTransfer.objects.count()) == (70_00, 1)
    assert decide(payer) == "executed"
    assert (payer.books[0], WalletTransfer.objects.count()) == (39_99, 2)


def test_the_limit_is_set_among_the_settings_and_audited(payer: Payer) -> None:
    assert WalletTermsForm.read("INR 50000.00, JPY 7000") == {"INR": 50_000_00, "JPY": 7000}
    limit(payer, 30_00)
    set_approval_over(actor=payer.actor, most={"EUR": 5_00}, seen={"INR": 30_00})
    assert approval_over(payer.actor) == {"EUR": 5_00}
    told = Event.objects.filter(type="wallet_terms.changed").order_by("inserted").values_list("changes", flat=True)
    assert list(told) == [
        {"approval_over": [{}, {"INR": 30_00}]},
        {"approval_over": [{"INR": 30_00}, {"EUR": 5_00}]},
    ]


@pytest.mark.parametrize("text", ["50000", "INR 1.005", "XXX 1.00", "INR 1.00, INR 2.00", "INR -1.00"])
def test_amounts_that_cannot_be_read_are_refused(text: str) -> None:
    assert "approval_over" in WalletTermsForm({"approval_over": text}).errors
