"""Pages that change while somebody looks at them, on the running stack: nothing is reloaded."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from rupai.accounts.tests.factories import new_member
from tests.e2e.browser import Tab, open_context, sign_in
from tests.e2e.world import OWNER, PASSWORD
from tests.live import LiveShop, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LIST = "/admin/payments/payment/"
# A slow machine that does other things, too; what it really took is printed.
ARRIVES_MS = 45_000
AMOUNTS = (129_900, 49_900)


@pytest.fixture
def tab(browser: Browser, served: Stack, sandbox: None, shop: LiveShop) -> Iterator[Tab]:
    """The owner of a shop with two payments, signed in; no error may come up while they look."""
    for amount in AMOUNTS:
        shop.shop.pay(amount)
    new_member(shop.shop.merchant, email=OWNER, is_staff=True)
    context = open_context(browser, served.url)
    page = context.new_page()
    sign_in(page, OWNER, PASSWORD)
    opened = Tab(page)
    yield opened
    complaints = opened.complaints()
    context.close()
    assert complaints == []


@pytest.fixture
def sandbox(served: Stack, settings: Any) -> None:
    """Payments that are taken here are known to the sandbox behind the server."""
    settings.SANDBOX_URL = served.sandbox_url


def stay(page: Page) -> None:
    """Put a mark on the document that does not outlive a reload."""
    page.evaluate("() => { document.documentElement.dataset.stayed = 'yes' }")


def take(shop: LiveShop, amount: int) -> str:
    """Take a payment by REST and tell its id."""
    answer = shop.post("/payments", shop.wish(amount), once=uuid4().hex)
    assert (answer.status, answer.body["status"]) == (201, "captured"), answer.raw
    return str(answer.body["payment_id"])


def test_a_payment_changes_the_overview_that_is_open(tab: Tab, shop: LiveShop) -> None:
    page = tab.page
    tab.go("/admin/")
    stay(page)
    state, volume = page.locator("[data-live-state]"), page.locator(".figure").first.locator(".figure-value")
    expect(state).to_contain_text("Live", timeout=ARRIVES_MS)
    expect(volume).to_have_text("₹1.80\u00a0K", timeout=ARRIVES_MS)
    began = time.monotonic()
    take(shop, 1_000_000)
    answered = time.monotonic()
    expect(volume).to_have_text("₹11.80\u00a0K", timeout=ARRIVES_MS)
    now = time.monotonic()
    print(f"Overview: {1000 * (now - answered):.0f} ms after the answer, {1000 * (now - began):.0f} ms after the call")
    expect(page.locator(".figure").nth(1).locator(".figure-value")).to_have_text("3")
    expect(state).to_contain_text("Live")
    expect(page.locator("html")).to_have_attribute("data-stayed", "yes")


def test_the_chart_tells_what_is_under_the_pointer(tab: Tab, shop: LiveShop) -> None:
    """With a readout that a live update renews, and as plain SVG where no script runs."""
    page = tab.page
    tab.go("/admin/")
    # The first update draws the chart anew; from then on it stands still until a payment comes.
    expect(page.locator("[data-live-state]")).to_contain_text("Live", timeout=ARRIVES_MS)
    expect(page.locator(".chart-place svg.wide")).to_be_hidden()
    place = page.locator(".chart-place").bounding_box()
    over = page.locator(".chart-place .u-over")
    assert place is not None
    width = over.evaluate("(over) => over.clientWidth")
    over.hover(position={"x": width - 2, "y": place["height"] / 3})
    expect(page.locator(".chart-tip")).to_contain_text("2 succeeded")
    expect(page.locator(".chart-tip")).to_contain_text("0 failed")
    take(shop, 77_700)
    expect(page.locator(".chart-tip")).to_contain_text("3 succeeded", timeout=ARRIVES_MS)
    expect(page.locator(".chart-place canvas")).to_have_count(1)


def test_without_javascript_the_chart_is_the_servers_own(tab: Tab, browser: Browser, served: Stack) -> None:
    for width, drawing in [(1440, "wide"), (390, "narrow")]:
        context = open_context(browser, served.url, javascript=False, width=width)
        page = context.new_page()
        sign_in(page, OWNER, PASSWORD)
        page.goto("/admin/")
        expect(page.locator(".chart-place svg:visible")).to_have_class(f"chart {drawing}")
        context.close()


def test_a_new_row_comes_to_the_list_by_itself(tab: Tab, shop: LiveShop) -> None:
    page = tab.page
    tab.go(LIST)
    stay(page)
    rows = page.locator("#list tbody tr")
    expect(page.locator("[data-live-state]")).to_contain_text("Live", timeout=ARRIVES_MS)
    expect(rows).to_have_count(len(AMOUNTS))
    name = take(shop, 77_700)
    answered = time.monotonic()
    expect(rows).to_have_count(len(AMOUNTS) + 1, timeout=ARRIVES_MS)
    print(f"Payments: {1000 * (time.monotonic() - answered):.0f} ms after the answer")
    expect(rows.first).to_have_attribute("data-href", f"/admin/payments/{name}/")
    expect(rows.first).to_have_class("fresh")
    expect(page.locator("#list tbody tr.fresh")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("data-stayed", "yes")


def test_new_rows_wait_while_one_is_selected(tab: Tab, shop: LiveShop) -> None:
    page = tab.page
    tab.go(LIST)
    state, rows = page.locator("[data-live-state]"), page.locator("#list tbody tr")
    expect(state).to_contain_text("Live", timeout=ARRIVES_MS)
    chosen = rows.nth(1).locator("[name=_selected_action]")
    chosen.check()
    take(shop, 88_800)
    expect(state).to_have_text("New rows wait for your selection", timeout=ARRIVES_MS)
    expect(rows).to_have_count(len(AMOUNTS))
    expect(chosen).to_be_checked()
    chosen.uncheck()
    expect(rows).to_have_count(len(AMOUNTS) + 1, timeout=ARRIVES_MS)
    expect(rows.first).to_have_class("fresh")
    expect(state).to_contain_text("Live", timeout=ARRIVES_MS)
