"""The Overview shows what the database says, to those who may see it, for the place where they work."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from analytics.models import LATENCIES
from analytics.pages.overview import overview_of, viewer_of
from analytics.selectors import overview as selectors
from analytics.services import rollups
from compliance.audit import sequencer
from payments.sandbox.acquirer import Acquirer
from payments.services.refund import refund_payment
from payments.tests.factories import Shop, new_merchant
from rupai.accounts.scopes import ALL
from rupai.accounts.tests.factories import new_member
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.pages import live

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
NOW = datetime(2026, 5, 20, 10, 30, 15, tzinfo=UTC)
ZONE = "Asia/Kolkata"


def read(at: datetime | None = None) -> None:
    with clock.at(at or clock.now()):
        sequencer.sequence()
        rollups.catch_up()


def seen_at(merchant_id: UUID | None, *, livemode: bool = False) -> Actor:
    return viewer_of(Actor.platform("test", merchant_id=merchant_id, livemode=livemode))


def shown(shop: Shop, asked: str = "7d", currency: str = "INR") -> dict[str, Any]:
    """Label and value of each figure, and the value of the period before."""
    context = overview_of(seen_at(shop.merchant.pk), asked=asked, currency=currency, zone=ZONE)
    return {figure.label: (figure.now, figure.before) for figure in context["figures"]}


def a_story(shop: Shop) -> None:
    """Nine days ago one payment; since then three good ones, one refund, one decline, and one in dollars."""
    for days, amount, token, currency in [
        (9, 5_000, "tok_visa", "INR"),
        (3, 10_000, "tok_visa", "INR"),
        (2, 20_000, "tok_upi_success", "INR"),
        (1, 400, "tok_visa", "USD"),
        (0, 30_000, "tok_visa", "INR"),
        (0, 7_777, "tok_insufficient_funds", "INR"),
    ]:
        with clock.at(NOW - timedelta(days=days, minutes=1)):
            payment = shop.pay(amount, token=token, currency=currency)
    with clock.at(NOW - timedelta(hours=2)):
        given_back = shop.pay(900)
        refund_payment(actor=shop.actor, payment_id=given_back.public_id, amount=300)
    read(NOW)
    assert payment.state == "failed"


def test_the_figures_of_a_week(shop: Shop) -> None:
    a_story(shop)
    with clock.at(NOW):
        assert shown(shop) == {
            "Gross volume": (60_900, 5_000),
            "Payments": (5, 1),
            "Success rate": (80.0, 100.0),
            "Failed": (1, 0),
            "Refunds": (1, 0),
        }
        assert shown(shop, currency="USD")["Gross volume"] == (400, None)
        assert shown(shop, "24h")["Gross volume"] == (30_900, None)


def test_one_more_payment_changes_the_figures(shop: Shop) -> None:
    a_story(shop)
    with clock.at(NOW):
        shop.pay(1)
        read()
        assert shown(shop)["Gross volume"] == (60_901, 5_000)
        assert shown(shop)["Payments"] == (6, 1)


def test_each_figure_leads_to_the_rows_that_it_counts(shop: Shop) -> None:
    a_story(shop)
    client = Client()
    client.force_login(new_member(merchant=shop.merchant, is_staff=True).user)
    rows = {"Payments": 5, "Failed": 1, "Refunds": 1, "Gross volume": 4}
    with clock.at(NOW):
        context = overview_of(seen_at(shop.merchant.pk), asked="7d", currency="INR", zone=ZONE)
        for figure in context["figures"]:
            if figure.label in rows:
                page = client.get(figure.url)
                assert page.status_code == 200, figure.url
                assert page.content.decode().count("<tr data-href") == rows[figure.label], figure.label
                assert dict(parse_qsl(urlsplit(figure.url).query))["currency"] == "INR"


def test_another_merchants_money_is_never_in_it(acquirer: Acquirer) -> None:
    mine, other = Shop(), Shop(new_merchant("Other"))
    mine.pay(100)
    other.pay(999_999)
    read()
    assert shown(mine)["Gross volume"][0] == 100
    assert shown(other)["Gross volume"][0] == 999_999
    everything = overview_of(seen_at(None), asked="7d", currency="INR", zone=ZONE)
    assert everything["figures"][0].now == 1_000_099
    assert (
        overview_of(seen_at(mine.merchant.pk, livemode=True), asked="7d", currency="INR", zone=ZONE)["figures"][0].now
        == 0
    )


def test_hours_begin_where_the_zone_has_them(shop: Shop) -> None:
    with clock.at(NOW - timedelta(minutes=90)):
        shop.pay(100)
    read(NOW)
    with clock.at(NOW):
        period = selectors.period_of("24h", now=NOW, zone=ZoneInfo(ZONE))
        found = selectors.figures(merchant_id=shop.merchant.pk, livemode=False, currency="INR", period=period)
    at = found.labels[found.series["captured_amount"].index(100)]
    assert (at.hour, at.minute) == (14, 0)
    assert sum(found.series["captured_amount"]) == 100


def test_an_empty_place_says_what_to_do(client: Client) -> None:
    client.force_login(new_member(is_staff=True).user)
    page = client.get("/admin/").content.decode()
    assert "No payment was ever taken here" in page
    assert 'class="figure"' not in page


@pytest.mark.parametrize("query", ["range=8d", "currency=XXY", "range=", "currency=%00"])
def test_an_unknown_range_leads_back(client: Client, query: str) -> None:
    client.force_login(new_member(is_staff=True).user)
    answer = client.get(f"/admin/?{query}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_the_fragment_is_what_the_socket_sends(shop: Shop) -> None:
    a_story(shop)
    client = Client()
    client.force_login(new_member(merchant=shop.merchant, is_staff=True).user)
    with clock.at(NOW):
        whole = client.get("/admin/?range=30d&currency=INR").content.decode()
        options = (("currency", "INR"), ("range", "30d"))
        view = live.LiveView("overview", shop.merchant.pk, False, ZONE, options, tuple(sorted(ALL)))
        assert live.render(view).strip() in whole
        fragment = client.get("/admin/?range=30d&currency=INR", headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment.headers["Vary"]


def test_percentiles_are_ends_of_classes() -> None:
    sums = dict.fromkeys(LATENCIES, 0) | {"latency_0": 90, "latency_3": 9, "latency_7": 1}
    assert (selectors.percentile(sums, 50), selectors.percentile(sums, 95), selectors.percentile(sums, 100)) == (
        100,
        800,
        6400,
    )
    assert selectors.percentile(dict.fromkeys(LATENCIES, 0), 50) is None
