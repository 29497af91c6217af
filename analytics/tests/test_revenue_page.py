"""The page of revenue shows what the selector counts, and leads to the rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from analytics.pages.revenue import revenue_of
from analytics.tests.story import count_all, paid_at, refunded_at
from payments.tests.consoles import words
from payments.tests.factories import Shop
from rupai.accounts.models import Role
from rupai.accounts.tests.factories import new_member
from rupai.core import clock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 0, tzinfo=UTC)


@pytest.fixture
def client(shop: Shop) -> Client:
    found = Client()
    found.force_login(new_member(shop.merchant, is_staff=True).user)
    return found


def read(client: Client, query: str = "") -> Any:
    with clock.at(NOW):
        return client.get(f"/admin/analytics/revenue/{query}")


@pytest.fixture
def story(shop: Shop) -> Shop:
    for ago in range(1, 20):
        paid_at(shop, NOW - timedelta(days=ago), 10_000 + 100 * ago)
    refunded_at(shop, NOW - timedelta(hours=1), paid_at(shop, NOW - timedelta(hours=2), 5_000), 2_000)
    paid_at(shop, NOW - timedelta(days=3), 777, currency="USD")
    count_all(NOW)
    return shop


def test_the_figures_of_thirty_days(client: Client, story: Shop) -> None:
    shown = words(read(client))
    # 19 payments of 10,100 to 11,900, and one of 5,000 today.
    assert "Gross ₹2.14 K captured" in shown
    assert "Refunds ₹20.00 given back" in shown
    assert "20 May 2026 so far ₹50.00 INR refunds ₹20.00 INR ₹0.95 INR net ₹29.05 INR" in shown
    assert "Each day is expected to be as the one 7 days before" in shown
    assert "Expected, 20 May 2026 ₹107.00" in shown


def test_one_more_payment_changes_the_page(client: Client, story: Shop) -> None:
    paid_at(story, NOW - timedelta(minutes=1), 100)
    count_all(NOW)
    assert "20 May 2026 so far ₹51.00 INR" in words(read(client))


def test_each_amount_leads_to_its_rows(client: Client, story: Shop) -> None:
    with clock.at(NOW):
        context = revenue_of(story.actor, asked="30d", currency="INR")
        for row in context["rows"][:3]:
            for url, amount in ((row["captures"], row["period"].gross), (row["refunded"], row["period"].refunds)):
                page = client.get(url)
                assert page.status_code == 200
                assert page.content.decode().count("<tr data-href") == bool(amount), url


def test_weeks_months_and_another_currency(client: Client, story: Shop) -> None:
    weeks = words(read(client, "?range=26w"))
    assert "Week 21, from 18 May 2026 so far" in weeks
    assert "too little history to say what is expected of a week" in weeks
    assert "May 2026 so far" in words(read(client, "?range=12m"))
    assert "Gross $7.77 captured" in words(read(client, "?currency=USD"))


def test_the_fragment_is_a_part_of_the_page(client: Client, story: Shop) -> None:
    with clock.at(NOW):
        part = client.get("/admin/analytics/revenue/", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "Revenue by day" in part.content.decode()


def test_an_empty_place_says_what_to_do(client: Client) -> None:
    shown = words(read(client))
    assert "No payment was ever counted here" in shown
    assert "Expected" not in shown


@pytest.mark.parametrize("query", ["?range=8d", "?currency=XXY", "?range=", "?currency=%00"])
def test_an_unknown_range_leads_back(client: Client, query: str) -> None:
    answer = read(client, query)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/analytics/revenue/")


def test_it_needs_the_scope(shop: Shop) -> None:
    member = new_member(shop.merchant, is_staff=True)
    member.role = Role.objects.create(merchant=shop.merchant, name="clerk", scopes=["payments:read"])
    member.save(update_fields=["role"])
    client = Client()
    client.force_login(member.user)
    assert read(client).status_code == 403
