"""The statement of an account, as a payment fills it: balances after each entry, and the proof that they add up."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from payments.services import refund
from payments.tests.consoles import Person
from payments.tests.factories import Shop, new_merchant
from rupai.core import clock
from wallets.models import Account
from wallets.states import AccountCode

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def account_of(shop: Shop, code: AccountCode = AccountCode.MERCHANT_PAYABLE) -> Account:
    found: Account = Account.objects.get(merchant_id=shop.merchant.pk, code=code, currency="INR")
    return found


def test_each_entry_shows_the_balance_after_it(shop: Shop) -> None:
    paid = shop.pay(10_000)
    refund.refund_payment(actor=shop.actor, payment_id=paid.public_id, amount=2_500)
    answer = Person(shop.merchant, "viewer").get("wallet_statement", account_of(shop).public_id)
    lines = [
        (line.entry.kind, line.entry.side, line.entry.posted_change, line.posted) for line in answer.context["lines"]
    ]
    assert lines == [
        ("refund", "debit", 2_500, 7_310),
        ("refund", "debit", 0, 9_810),
        ("fee", "debit", 190, 9_810),
        ("capture", "credit", 10_000, 10_000),
    ]
    proof = answer.context["proof"]
    assert (proof.entries, proof.debits, proof.credits, proof.total, proof.balance) == (4, 2_690, 10_000, 7_310, 7_310)
    assert proof.holds
    shown = answer.content.decode()
    assert "The balance equals the sum of all its entries" in shown
    assert f"/admin/payments/{paid.public_id}/" in shown


def test_an_account_that_grows_by_debits_adds_up_too(shop: Shop) -> None:
    shop.pay(10_000)
    clearing = account_of(shop, AccountCode.PROVIDER_CLEARING)
    proof = Person(shop.merchant).get("wallet_statement", clearing.public_id).context["proof"]
    assert (proof.total, proof.balance, proof.holds) == (10_000, 10_000, True)


def test_many_entries_are_added_up_only_when_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.pay(10_000)
    name, person = account_of(shop).public_id, Person(shop.merchant)
    monkeypatch.setattr("wallets.pages.statement.MOST_PROVED_UNASKED", 1)
    assert "This account has 2 entries" in person.read("wallet_statement", name)
    assert "The balance equals the sum" in person.read("wallet_statement", name, query="?prove=1")


def test_a_balance_that_is_wrong_is_not_called_proven(shop: Shop) -> None:
    shop.pay(10_000)
    account = account_of(shop)
    person = Person(shop.merchant)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE wallets_counters DISABLE TRIGGER USER")
            raised = (
                "UPDATE wallets_counters SET credits_posted = credits_posted + 1 WHERE account_id = %s AND shard = 0"
            )
            cursor.execute(raised, [account.pk])
        shown = person.read("wallet_statement", account.public_id)
        transaction.set_rollback(True)
    assert "The balance does not equal the sum of its entries" in shown


def test_days_bound_the_entries_and_tell_opening_and_closing(shop: Shop) -> None:
    today = clock.now()
    shop.pay(10_000)
    with clock.at(today + timedelta(days=3)):
        shop.pay(5_000)
    person = Person(shop.merchant)
    name = account_of(shop).public_id
    later = timezone.localtime(today + timedelta(days=3)).date().isoformat()
    before = timezone.localtime(today + timedelta(days=1)).date().isoformat()
    after = person.get("wallet_statement", name, query=f"?begin={later}").context
    assert [line.entry.amount for line in after["lines"]] == [95, 5_000]
    assert after["opening"] == 9_810
    until = person.get("wallet_statement", name, query=f"?end={before}").context
    assert [line.posted for line in until["lines"]] == [9_810, 10_000]
    assert until["closing"] == 9_810
    wrong = person.read("wallet_statement", name, query=f"?begin={later}&end={before}")
    assert "before the first one" in wrong


def test_older_entries_follow_page_by_page_without_gap(shop: Shop) -> None:
    for _ in range(30):
        shop.pay(100)
    person = Person(shop.merchant)
    name = account_of(shop).public_id
    first = person.get("wallet_statement", name).context
    second = person.get("wallet_statement", name, query=f"?{first['older']}").context
    seen = [line.entry.pk for page in (first, second) for line in page["lines"]]
    assert len(seen) == len(set(seen)) == 60
    assert second["older"] == ""
    assert second["lines"][-1].posted == 100


@pytest.mark.parametrize("query", ["before=x", "before=2026-01-01~1~1", "before=a~b~c", "begin=2026-13-40", "end=x"])
def test_a_crooked_address_shows_the_statement(shop: Shop, query: str) -> None:
    shop.pay(10_000)
    person = Person(shop.merchant)
    assert person.get("wallet_statement", account_of(shop).public_id, query=f"?{query}").status_code == 200


def test_another_merchants_account_is_not_there(shop: Shop) -> None:
    shop.pay(10_000)
    stranger = Person(new_merchant("Elsewhere"), "owner")
    assert stranger.get("wallet_statement", account_of(shop).public_id).status_code == 404


def test_an_account_of_the_list_leads_to_its_statement(shop: Shop) -> None:
    shop.pay(10_000)
    account = account_of(shop)
    person = Person(shop.merchant)
    answer = person.get("wallets_account_change", str(account.pk))
    assert answer.headers["Location"] == f"/admin/wallets/statement/{account.public_id}/"
