"""Every page of the console, light and dark, wide and narrow: nothing for axe, the console or the policy to say."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from rupai.accounts.models import Merchant, User
from tests.e2e import rare
from tests.e2e.addresses import MISSING, NO_PAGES, Address, NoExample, addresses, patterns
from tests.e2e.browser import Tab, choose_place, open_context, sign_in
from tests.e2e.crawl import Crawl, table
from tests.e2e.crew import visit_together
from tests.e2e.world import PASSWORD, SUPERUSER, VIEWER, World
from tests.live import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
# The two whole crawls take minutes: they are a part of the full counts until they were clean and timed in one go.
whole = pytest.mark.soak
# Pages that are seen without being signed in; a test of their own looks at them.
OUTSIDE = {"login", "set_password"}
ARTIFACTS = Path(settings.BASE_DIR) / "artifacts"


@pytest.fixture
def tab(browser: Browser, served: Stack) -> Iterator[Tab]:
    context = open_context(browser, served.url)
    yield Tab(context.new_page())
    context.close()


def wanted(merchant: Merchant | None = None) -> list[Address | NoExample]:
    """All pages; for work on some of them, those whose route matches RUPAI_CRAWL."""
    only = re.compile(os.environ.get("RUPAI_CRAWL", ""))
    return [page for page in addresses(User.objects.get(email=SUPERUSER), merchant) if only.search(page.route)]


def crawl_as(tab: Tab, email: str, *, shots: str) -> Crawl:
    sign_in(tab.page, email, PASSWORD)
    return Crawl(tab, ARTIFACTS / "screens" / shots, (email, PASSWORD))


def check(crawl: Crawl, name: str) -> None:
    """Write all findings beside the screenshots, and fail with them."""
    found = table(crawl.findings)
    ARTIFACTS.mkdir(exist_ok=True)
    summary = f"{len(crawl.visited)} addresses, {len(crawl.findings)} findings"
    (ARTIFACTS / f"crawl-{name}.txt").write_text(f"{summary}\n{found}\n")
    print(summary)
    assert not crawl.findings, f"{summary}\n{found}"


@whole
def test_every_page_of_a_world(served: Stack, world: World) -> None:
    merchant = world.merchant.public_id

    def begin(tab: Tab) -> Crawl:
        crawl = crawl_as(tab, SUPERUSER, shots="world")
        choose_place(tab.page, merchant)
        return crawl

    pages = wanted(world.merchant)
    inside = [page for page in pages if isinstance(page, Address) and page.name not in OUTSIDE]
    crawl = visit_together(inside, url=served.url, begin=begin)
    for none in [page for page in pages if isinstance(page, NoExample)]:
        crawl.miss(none)
    check(crawl, "world")


@whole
def test_every_page_of_an_empty_database(served: Stack, empty: None) -> None:
    """Pages of rows that there are none of are left out; all others say what to do."""
    inside = [page for page in wanted() if isinstance(page, Address) and page.name not in OUTSIDE]
    pages = [page for page in inside if page.status == 200]
    crawl = visit_together(pages, url=served.url, begin=lambda tab: crawl_as(tab, SUPERUSER, shots="empty"))
    check(crawl, "empty")


def test_pages_of_those_who_are_not_inside(tab: Tab, world: World) -> None:
    """Signing in, a wrong password, an invitation, a refusal, and what follows a sign-out."""
    crawl = Crawl(tab, ARTIFACTS / "screens" / "outside")
    crawl.visit(Address("admin/login/", "login", "/admin/login/"))
    _wrong_password(crawl)
    uid, token = rare.invited()
    invitation = "admin/invitation/<uidb64>/<token>/"
    crawl.visit(Address(invitation, "set_password", f"/admin/invitation/{uid}/{token}/"))
    crawl.visit(Address(invitation, "spent_invitation", f"/admin/invitation/{uid}/spent-token/"))
    sign_in(tab.page, VIEWER, PASSWORD)
    crawl.visit(Address(MISSING, "not_found", "/" + MISSING, 404))
    tab.page.context.clear_cookies()
    sign_in(tab.page, SUPERUSER, PASSWORD)
    _sign_out(crawl)
    check(crawl, "outside")


def _wrong_password(crawl: Crawl) -> None:
    page = crawl.tab.page
    page.goto("/admin/login/")
    page.locator("[name=username]").fill("nobody@rupai.example")
    page.locator("[name=password]").fill("not the password")
    with page.expect_navigation():
        page.locator("form:has([name=password]) [type=submit]").first.click()
    crawl.look_at_present_page("wrong_password")


def _sign_out(crawl: Crawl) -> None:
    page = crawl.tab.page
    crawl.tab.errors.clear()
    with page.expect_navigation():
        crawl.tab.run("document.querySelector('form[action$=\"/logout/\"]').submit()")
    crawl.look_at_present_page("signed_out")


def test_the_second_factor_has_its_pages(tab: Tab, world: World) -> None:
    """Setting it up, its recovery codes, and taking it away."""
    crawl = crawl_as(tab, VIEWER, shots="second-factor")
    crawl.visit(Address("admin/second-factor/", "second_factor_new", "/admin/second-factor/"))
    page = tab.page
    page.goto("/admin/second-factor/")
    page.locator("[name=code]").fill(rare.pending_code(VIEWER))
    with page.expect_navigation():
        page.locator("form:has([name=code]) [type=submit]").first.click()
    crawl.look_at_present_page("recovery_codes")
    crawl.visit(Address("admin/second-factor/", "second_factor_remove", "/admin/second-factor/"))
    check(crawl, "second-factor")


def test_what_is_no_page_answers_too(tab: Tab, world: World) -> None:
    """The list of exceptions names only what exists, and nothing of it fails."""
    routes = {route for route, _ in patterns()}
    sign_in(tab.page, SUPERUSER, PASSWORD)
    for route in sorted(routes & NO_PAGES.keys()):
        if "<" not in route:
            status = tab.page.context.request.get(f"/{route}", max_redirects=0).status
            assert status in {200, 302, 301, 403, 405}, f"{route} answers {status}"
    gone = NO_PAGES.keys() - routes
    assert not gone, f"exceptions for addresses that are gone: {sorted(gone)}"
