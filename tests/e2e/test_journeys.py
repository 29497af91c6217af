"""What people do in the console, as they do it: with keys, with a second person, without JavaScript."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from payments.models import Payment, Refund
from rupai.accounts.models import User
from rupai.accounts.tests.factories import code_of, enrol
from rupai.approvals.models import Approval
from rupai.approvals.services import execute
from tests.e2e.browser import open_context, sign_in
from tests.e2e.world import APPROVER, OWNER, PASSWORD, World
from tests.live import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LIST = "/admin/payments/payment/"
Open = Callable[..., Page]


@pytest.fixture
def person(browser: Browser, served: Stack, world: World) -> Iterator[Open]:
    """Opens a browser of somebody's own, signed in."""
    contexts = []

    def start(email: str = OWNER, *, javascript: bool = True, code: str = "") -> Page:
        context = open_context(browser, served.url, javascript=javascript)
        contexts.append(context)
        page = context.new_page()
        sign_in(page, email, PASSWORD, code=code)
        return page

    yield start
    for context in contexts:
        context.close()


def paid(amount: int) -> Payment:
    payment: Payment = Payment.objects.get(amount=amount)
    return payment


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def refund_in_part(page: Page, payment: Payment) -> None:
    """Give 234.00 of a payment back, from its own page."""
    page.goto(f"/admin/payments/{payment.public_id}/")
    page.locator("main").get_by_role("link", name="Refund", exact=False).first.click()
    page.locator("[name=amount]").fill("234.00")
    page.locator("main form button").first.click()
    page.wait_for_url(f"**/{payment.public_id}/")


def test_a_second_factor_is_asked_for_with_the_password(browser: Browser, served: Stack, world: World) -> None:
    user = User.objects.get(email=OWNER)
    enrol(user)
    page = open_context(browser, served.url).new_page()
    page.goto("/admin/login/?next=/admin/")
    page.get_by_label("E-mail").fill(OWNER)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")
    expect(page.locator("[name=password]")).to_be_visible()
    sign_in(page, OWNER, PASSWORD, code=code_of(user))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.context.close()


def test_a_refund_from_the_page_of_a_payment(person: Open) -> None:
    payment, page = paid(12_345_600), person()
    refund_in_part(page, payment)
    refund = Refund.objects.get(payment=payment)
    assert (refund.amount, refund.state) == (23_400, "succeeded")
    expect(page.locator("main")).to_contain_text("234.00")
    expect(page.locator("main")).to_contain_text("1,23,456.00")


def test_a_view_is_saved_and_opens_the_list_with_its_filters(person: Open) -> None:
    page = person()
    page.goto(LIST)
    page.get_by_label("Status").first.select_option("failed")
    page.wait_for_url("**status=failed**")
    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name", exact=True).fill("Declined")
    press(page, "Save")
    view = page.get_by_role("navigation", name="Saved views").get_by_role("link", name="Declined")
    expect(view).to_have_attribute("aria-current", "true")
    page.goto(LIST + "?all=1")
    expect(page.locator("#list tbody tr")).to_have_count(Payment.objects.count())
    view.click()
    expect(page.locator("#list tbody tr")).to_have_count(2)


def test_a_bulk_refund_waits_for_a_second_person(person: Open) -> None:
    """Two payments of 1,250 and 980,000 are given back, once, after somebody else has agreed."""
    chosen, page = [paid(1_250), paid(980_000)], person()
    Approval.objects.filter(state="requested").delete()
    page.goto(LIST)
    for payment in chosen:
        page.locator(f"tr:has(a[href*='{payment.public_id}']) [name=_selected_action]").check()
    page.locator(".bulk-actions").get_by_role("button", name="Refund", exact=False).click()
    press(page, "Ask for approval")
    page.wait_for_url("**/approvals/**")
    expect(page.get_by_role("button", name="Approve and carry out")).to_have_count(0)
    asked = Approval.objects.get(state="requested")
    second = person(APPROVER)
    second.goto("/admin/approvals/")
    second.get_by_role("link", name=asked.summary).click()
    press(second, "Approve and carry out")
    second.wait_for_load_state()
    # What the worker does as soon as it reads its queue.
    execute.execute(approval_id=asked.public_id)
    execute.execute(approval_id=asked.public_id)
    refunds = Refund.objects.filter(payment__in=chosen)
    assert sorted(refunds.values_list("amount", "state")) == [(1_250, "succeeded"), (980_000, "succeeded")]
    second.goto(f"/admin/approvals/{asked.public_id}/")
    expect(second.locator("main")).to_contain_text("2 of 2 refunded.")


def test_the_keyboard_alone_is_enough(person: Open) -> None:
    """Skip link, search, going by letter, walking rows, opening one."""
    page = person()
    page.goto("/admin/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**" + LIST)
    rows = page.locator("#list tbody tr")
    for key, at in [("j", 0), ("j", 1), ("j", 2), ("k", 1)]:
        page.keyboard.press(key)
        expect(rows.nth(at)).to_have_class("at")
    wanted = rows.nth(1).locator("a[href]").first.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{wanted}")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_without_javascript_one_can_filter_look_and_refund(person: Open) -> None:
    page = person(javascript=False)
    page.goto(LIST)
    page.get_by_label("Status").first.select_option("failed")
    press(page, "Filter")
    assert page.locator("#list tbody tr").count() == 2
    payment = paid(980_000)
    refund_in_part(page, payment)
    assert list(Refund.objects.filter(payment=payment).values_list("amount", "state")) == [(23_400, "succeeded")]
    assert "234.00" in page.locator("main").inner_text()
