"""The chart of accounts and statements as files in the console: sums are the ledger's, and only one's own."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from rupai.accounts.tests.factories import new_member, owner_of
from wallets.models import Wallet
from wallets.pages.files import files_of
from wallets.selectors import accounts, balance_of
from wallets.selectors.chart import Book, books
from wallets.services.accounts import forget_charts
from wallets.services.holds import hold_funds
from wallets.states import AccountCode
from wallets.tests.factories import Purse, fund

pytestmark = pytest.mark.django_db


@pytest.fixture
def purse() -> Purse:
    forget_charts()
    return Purse()


def signed_in(purse: Purse, role: str = "owner") -> Client:
    client = Client()
    client.force_login(new_member(merchant=purse.merchant, role=role, is_staff=True).user)
    return client


def book_of(purse: Purse) -> Book:
    [book] = books(actor=purse.actor, livemode=False)
    return book


def test_the_chart_adds_up_what_the_ledger_has(purse: Purse) -> None:
    one, other = purse.wallet(150_00), purse.wallet(50_00)
    hold_funds(actor=purse.actor, wallet_id=one.public_id, amount=20_00)
    Purse().wallet(7_00)
    book = book_of(purse)
    found = {place.code: place for place in book.places}
    wallets = found[AccountCode.CUSTOMER_WALLET]
    assert (wallets.accounts, wallets.only, wallets.balance, wallets.held) == (2, None, 200_00, 20_00)
    clearing = found[AccountCode.PROVIDER_CLEARING]
    assert (clearing.balance, clearing.debit_normal) == (200_00, True)
    assert (book.debits, book.credits, book.balances) == (200_00, 200_00, True)
    own = accounts(actor=purse.actor)
    assert sum(place.accounts for place in book.places) == own.filter(currency=book.currency).count()
    for place in book.places:
        only = own.filter(currency=book.currency, code=place.code)
        assert place.balance == sum(balance_of(account.pk).posted for account in only)
        assert place.only == (only.get().pk if place.accounts == 1 else None)
    fund(other, 1_00)
    assert (book_of(purse).debits, book_of(purse).credits) == (201_00, 201_00)


def test_no_mode_sees_the_other(purse: Purse) -> None:
    purse.wallet(1_00)
    assert books(actor=purse.actor, livemode=True) == []
    assert books(actor=owner_of(purse.merchant, livemode=True), livemode=True) == []


def test_a_book_that_does_not_balance_is_called_broken(purse: Purse) -> None:
    wallet = purse.wallet(9_00)
    page = signed_in(purse).get(reverse("admin:wallet_chart")).content.decode()
    assert "Debits equal credits" in page
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE wallets_counters SET credits_posted = 900 + 1 WHERE account_id = %s", [wallet.account_id]
        )
    assert not book_of(purse).balances
    page = signed_in(purse).get(reverse("admin:wallet_chart")).content.decode()
    assert "Debits and credits differ" in page
    assert "Debits equal credits" not in page


def test_each_row_leads_to_its_account_or_to_the_list_of_them(purse: Purse) -> None:
    purse.wallet(1_00)
    purse.wallet(2_00)
    answer = signed_in(purse).get(reverse("admin:wallet_chart"))
    [book] = answer.context["books"]
    listed = {line["place"].code: line["url"] for line in book["lines"]}
    client = signed_in(purse)
    assert client.get(listed[AccountCode.PROVIDER_CLEARING]).context["account"].code == AccountCode.PROVIDER_CLEARING
    assert "?code=4" in listed[AccountCode.CUSTOMER_WALLET]
    assert client.get(listed[AccountCode.CUSTOMER_WALLET]).status_code == 200


def test_an_empty_chart_says_what_opens_an_account() -> None:
    client = Client()
    client.force_login(new_member(role="owner", is_staff=True).user)
    assert "No account was opened yet" in client.get(reverse("admin:wallet_chart")).content.decode()


def csv_of(client: Client, wallet: Wallet, **days: str) -> list[str]:
    place = reverse("admin:wallet_file", args=[wallet.public_id])
    answer = client.get(place, {"format": "csv", **days})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]


def test_a_statement_is_a_file_of_the_chosen_days(purse: Purse) -> None:
    wallet = purse.wallet(150_00)
    client = signed_in(purse)
    heading, line = csv_of(client, wallet)
    assert heading.startswith("entry_id,created_at")
    assert ",credit,150.00,15000," in line
    assert len(csv_of(client, wallet, begin="2001-01-01", end="2001-01-31")) == 1
    printed = client.get(reverse("admin:wallet_file", args=[wallet.public_id]), {"format": "pdf"})
    assert (printed.headers["Content-Type"], printed.content[:5]) == ("application/pdf", b"%PDF-")


def test_the_pages_offer_the_files(purse: Purse) -> None:
    wallet = purse.wallet(150_00)
    client = signed_in(purse)
    page = client.get(reverse("admin:wallet_detail", args=[wallet.public_id])).content.decode()
    for file in files_of(wallet):
        assert file["url"].replace("&", "&amp;") in page
    statement = reverse("admin:wallet_statement", args=[wallet.account.public_id])
    page = client.get(statement, {"begin": "2026-01-01"}).content.decode()
    for file in files_of(wallet, "begin=2026-01-01"):
        assert file["url"].replace("&", "&amp;") in page


@pytest.mark.parametrize(
    "asked", [{}, {"format": "xls"}, {"format": "csv", "begin": "never"}, {"format": "pdf", "end": "1999-01-01"}]
)
def test_what_is_no_file_leads_back_and_says_why(purse: Purse, asked: dict[str, str]) -> None:
    wallet = purse.wallet(1_00)
    client = signed_in(purse)
    answer = client.get(reverse("admin:wallet_file", args=[wallet.public_id]), asked, follow=True)
    assert answer.redirect_chain == [(reverse("admin:wallet_detail", args=[wallet.public_id]), 302)]
    [message] = answer.context["messages"]
    assert message.level_tag == "error"


def test_nobody_gets_the_file_of_another(purse: Purse) -> None:
    wallet = Purse().wallet(1_00)
    client = signed_in(purse)
    assert client.get(reverse("admin:wallet_file", args=[wallet.public_id]), {"format": "csv"}).status_code == 404
