"""Debian's Chromium, what a page complains of, and axe inside of it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, ViewportSize, sync_playwright

from tests.e2e import axe

# Playwright keeps an event loop in this thread, where Django would refuse to touch the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
DESKTOP, MOBILE, NARROW = 1440, 390, 320
HEIGHTS = {DESKTOP: 900, MOBILE: 844, NARROW: 640}
WAIT_MS = 15_000
# What the console says only because the tests hold service workers back.
OUR_DOING = "Service Worker registration blocked by Playwright"
# Runs before any script of the page; the browser's own report of a blocked thing is kept for us.
LISTEN = """
window.__reports = [];
document.addEventListener("securitypolicyviolation", (event) => window.__reports.push(
  `${event.violatedDirective} blocked ${event.blockedURI || "inline"} in line ${event.lineNumber}`
));
"""
SETTLED = """
new Promise((go) => {
  const wait = (left) => left && document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")
    ? setTimeout(() => wait(left - 1), 50) : go();
  wait(60);
}).then(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => null))))
  .then(() => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(() => go(true)))))
"""
# Where everything on the page stands: equal in two themes when these differ in colours only.
FOOTPRINT = """
[...document.querySelectorAll("body *")].reduce((sum, node) => {
  const box = node.getBoundingClientRect();
  const own = box.x * 3 + box.y * 5 + box.width * 7 + box.height * 11 + (node.checkVisibility() ? 13 : 17);
  return (sum * 31 + Math.round(own * 8)) % 9007199254740;
}, 7)
"""
WIDEST = """
(() => {
  const limit = document.documentElement.clientWidth;
  const wide = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth);
  if (wide <= limit) return "";
  const clipped = (node) => node && node !== document.body && (
    ["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(node).overflowX) || clipped(node.parentElement));
  const over = [...document.body.querySelectorAll("*")].filter(
    (node) => node.getBoundingClientRect().right > limit + 1 && !clipped(node.parentElement));
  const name = (node) => node.tagName.toLowerCase() + (node.id ? "#" + node.id : "")
    + [...node.classList].map((one) => "." + one).join("");
  return `${wide} px in ${limit}: ${over.slice(-3).map(name).join(", ")}`;
})()
"""


def executable() -> Path | None:
    """The browser of this machine, if it has one."""
    named = os.environ.get("RUPAI_CHROMIUM")
    places = [named] if named else ["/usr/bin/chromium", "/usr/bin/chromium-browser"]
    return next((Path(place) for place in places if Path(place).exists()), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser for as long as the block runs."""
    found = executable()
    assert found is not None, "there is no Chromium at /usr/bin/chromium"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"]
        )
        try:
            yield browser
        finally:
            browser.close()


def size(width: int) -> ViewportSize:
    return {"width": width, "height": HEIGHTS.get(width, 900)}


def open_context(
    browser: Browser, url: str, *, javascript: bool = True, theme: Theme = "light", width: int = DESKTOP, **more: Any
) -> BrowserContext:
    """A fresh browser profile whose addresses are relative to ``url``.

    Without a service worker, unless a test is about it: it would answer from its cache what the server should.
    """
    more.setdefault("service_workers", "block")
    context = browser.new_context(
        base_url=url,
        viewport=size(width),
        color_scheme=theme,
        reduced_motion="reduce",
        java_script_enabled=javascript,
        locale="en-GB",
        timezone_id="UTC",
        **more,
    )
    context.set_default_timeout(WAIT_MS)
    context.add_init_script(LISTEN)
    return context


@dataclass
class Tab:
    """A page that remembers every error which its console showed."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", self._failed)
        self._devtools = self.page.context.new_cdp_session(self.page)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and message.text != OUR_DOING:
            where = message.location.get("url", "")
            self.errors.append(f"{message.type}: {message.text} ({where})")

    def _failed(self, error: Error) -> None:
        self.errors.append(f"uncaught: {error.message} {_first_place(error.stack)}")

    def run(self, script: str) -> Any:
        """Evaluate by the debugger's door, which the page's Content-Security-Policy does not close.

        :raises RuntimeError: with what the script threw.
        """
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = self._devtools.send("Runtime.evaluate", asked)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"])[:2000])
        return answer["result"].get("value")

    def go(self, path: str) -> int:
        """Open an address and return its status; a fresh list of errors begins."""
        self.errors.clear()
        response = self.page.goto(path, wait_until="load")
        return response.status if response is not None else 0

    def look_like(self, *, theme: Theme, width: int) -> None:
        """Show the open page in another theme and width, and wait until it stands still."""
        self.page.emulate_media(color_scheme=theme)
        self.page.set_viewport_size(size(width))
        self.run(SETTLED)

    def complaints(self) -> list[str]:
        """What the console and the Content-Security-Policy complained of since the page was opened."""
        reports = self.run("window.__reports || []")
        return [*self.errors, *(f"csp: {report}" for report in reports)]

    def audit(self) -> list[dict[str, Any]]:
        """The violations that axe finds on the page: WCAG 2.2 A and AA, and best practice."""
        if not self.run("'axe' in window"):
            self.run(axe.source() + "\n;true")
        found: list[dict[str, Any]] = self.run(axe.everything())
        return found

    def audit_again(self, *, colours_only: bool) -> list[dict[str, Any]]:
        """The violations in another theme or width of an audited page."""
        found: list[dict[str, Any]] = self.run(axe.colours() if colours_only else axe.everything())
        return found

    def footprint(self) -> int:
        """A number for where everything on the page stands."""
        return int(self.run(FOOTPRINT))

    def sideways(self) -> str:
        """What makes the page scroll sideways at its present width; empty when nothing does."""
        return str(self.run(WIDEST))


def _first_place(stack: str | None) -> str:
    """The first line of code in a stack."""
    return next((line.strip() for line in (stack or "").splitlines() if line.strip().startswith("at ")), "")


def sign_in(page: Page, email: str, password: str, *, code: str = "") -> None:
    """Sign in at the console by its own form."""
    page.goto("/admin/login/?next=/admin/")
    page.locator("[name=username]").fill(email)
    page.locator("[name=password]").fill(password)
    if code:
        page.locator("[name=code]").fill(code)
    with page.expect_navigation():
        page.locator("form:has([name=password]) [type=submit]").first.click()
    assert "/login/" not in page.url, page.locator("body").inner_text()[:500]


def choose_place(page: Page, merchant: str) -> None:
    """Work at one merchant from now on; a superuser begins at all of them."""
    page.goto("/admin/")
    form = page.locator("form.place-form").first
    with page.expect_navigation():
        form.evaluate(
            "(form, merchant) => { form.elements.merchant.value = merchant; form.requestSubmit(); }", merchant
        )
