"""Weight and speed of the console's pages in a browser: ``python -m bench.console``.

Each page is opened cold (a fresh profile that is signed in and has nothing cached) several times, and the median is
printed beside its target. ``--payments 1000000`` measures instead what HTMX asks for, at that many payments and at
10,000. Browser, web server and database share the machine.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.services import services

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.e2e.addresses import Address
    from tests.live import Stack

# Targets: own pages, and Django's forms: kilobytes and requests.
OWN, STOCK = (150, 20), (220, 35)
LCP_MS, CLS, TBT_MS, PARTIAL_MS, SLOWDOWN = 500.0, 0.02, 50.0, 300.0, 3.0
FORMS = ("_add", "_change", "_delete", "_history", "password_change")
# The forms that are measured unless all are wanted.
SAMPLE = ("accounts_merchant", "accounts_role", "accounts_user", "notifications_webhookendpoint", "password_change")
FEW = 10_000
SETTLE_MS = 350
PARTIALS = ("/admin/payments/payment/", "/admin/?range=30d", "/admin/?range=90d")
VITALS = """
window.__vitals = {lcp: 0, cls: 0, tbt: 0};
const watch = (type, see) => new PerformanceObserver((list) => list.getEntries().forEach(see)).observe(
  {type, buffered: true});
watch("largest-contentful-paint", (entry) => { window.__vitals.lcp = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) window.__vitals.cls += entry.value; });
watch("longtask", (entry) => { window.__vitals.tbt += Math.max(0, entry.duration - 50); });
"""


@dataclass
class Page:
    """What was measured of one page."""

    address: "Address"
    queries: int
    kilobytes: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    lcp: list[float] = field(default_factory=list)
    cls: list[float] = field(default_factory=list)
    tbt: list[float] = field(default_factory=list)

    @property
    def is_form(self) -> bool:
        return self.address.name.endswith(FORMS)

    def row(self) -> tuple[str, bool]:
        """One line of the table, and whether every target is met."""
        most_kilobytes, most_requests = STOCK if self.is_form else OWN
        found: list[tuple[list[float], float, str]] = [
            (self.kilobytes, most_kilobytes, ".0f"),
            (self.requests, most_requests, ".0f"),
        ]
        found += [(self.lcp, LCP_MS, ".0f"), (self.cls, CLS, ".3f"), (self.tbt, TBT_MS, ".0f")]
        cells, good = [], True
        for values, most, format in found:
            middle = statistics.median(values)
            good = good and middle <= most
            cells.append(f"{middle:>7{format}}{' ' if middle <= most else '!'}")
        return f"{''.join(cells)} {self.queries:>8}  {self.address.path}", good


def main() -> None:
    """Run the benchmark, print its tables, and fail when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--every", action="store_true", help="every form of every model, not only a sample")
    parser.add_argument("--only", default="", help="only addresses with this in them")
    parser.add_argument("--payments", type=int, default=0, help="measure partials at so many payments instead")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.test"
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    with services() as folder:
        sys.exit(0 if _bench(folder, options) else 1)


def _bench(folder: Path, options: argparse.Namespace) -> bool:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tests.e2e import world
    from tests.live import running

    call_command("migrate", verbosity=0)
    with running(folder) as stack:
        stack.start_sandbox()
        settings.SANDBOX_URL = stack.sandbox_url
        stack.start_web()
        if options.payments:
            world.only_people()
            return _partials(stack, options.payments)
        world.new_world()
        return _pages(stack, options)


def _pages(stack: "Stack", options: argparse.Namespace) -> bool:
    from tests.e2e.browser import chromium, open_context, sign_in
    from tests.e2e.queries import counted
    from tests.e2e.world import PASSWORD, SUPERUSER

    pages = [Page(address, count) for address, count in counted() if _is_wanted(address, options)]
    with chromium() as browser:
        context = open_context(browser, stack.url)
        sign_in(context.new_page(), SUPERUSER, PASSWORD)
        state = context.storage_state()
        for number in range(options.rounds):
            for page in pages:
                _measure(browser, stack.url, state, page)
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    return _print(pages)


def _is_wanted(address: "Address", options: argparse.Namespace) -> bool:
    if options.only:
        return options.only in address.path
    return options.every or not address.name.endswith(FORMS) or address.name.startswith(SAMPLE)


def _measure(browser: "Browser", url: str, state: Any, page: Page) -> None:
    """Open a page in a profile that has cookies and nothing else."""
    from tests.e2e.browser import Tab, open_context

    context = open_context(browser, url, storage_state=state)
    context.add_init_script(VITALS)
    tab = Tab(context.new_page())
    devtools = context.new_cdp_session(tab.page)
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    tab.go(page.address.path)
    tab.page.wait_for_timeout(SETTLE_MS)
    vitals = tab.run("window.__vitals")
    page.kilobytes.append(sum(sizes) / 1024)
    page.requests.append(len(sizes))
    for name in ("lcp", "cls", "tbt"):
        getattr(page, name).append(vitals[name])
    context.close()


def _print(pages: list[Page]) -> bool:
    passed = True
    for title, forms, (kilobytes, requests) in [("Own pages", False, OWN), ("Django's forms", True, STOCK)]:
        chosen = [page for page in pages if page.is_form is forms]
        print(f"\n{title}: at most {kilobytes} KB, {requests} requests, LCP {LCP_MS:.0f} ms, CLS {CLS}, ", end="")
        print(f"TBT {TBT_MS:.0f} ms; ! marks a miss\n     KB requests   LCP     CLS     TBT   queries")
        for page in sorted(chosen, key=lambda one: -statistics.median(one.kilobytes)):
            line, good = page.row()
            passed = passed and good
            print(line)
    print(f"\n{len(pages)} pages: {'all targets met' if passed else 'targets missed'}")
    return passed


def _partials(stack: "Stack", most: int) -> bool:
    """Measure what HTMX asks for at a few payments, then at many."""
    from django.core.management import call_command

    from bench.world import load

    cookies = _session()
    times: dict[int, dict[str, tuple[float, float]]] = {}
    for seed, (count, more) in enumerate([(FEW, FEW), (most, most - FEW)], 1):
        began = time.monotonic()
        load(payments=more, seed=seed)
        call_command("rebuild_rollups")
        print(f"{count:,} payments after {time.monotonic() - began:.0f} s", file=sys.stderr)
        times[count] = {path: _p95(stack, path, cookies) for path in PARTIALS}
    passed = True
    print(f"\nHTMX partials, p95 in ms (at most {PARTIAL_MS:.0f}) and first page beside {FEW:,} (at most {SLOWDOWN}x)")
    for path in PARTIALS:
        (few, few_first), (many, many_first) = times[FEW][path], times[most][path]
        good = many <= PARTIAL_MS and many_first <= SLOWDOWN * few_first
        passed = passed and good
        factor = f"{many_first / few_first:.1f}x"
        print(f"{few:7.0f} {many:7.0f} {factor:>6} {'' if good else '!'} {path}")
    return passed


def _session() -> str:
    """The cookies of a signed-in superuser."""
    from django.test import Client

    from rupai.accounts.models import User
    from tests.e2e.world import SUPERUSER

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=SUPERUSER))
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def _p95(stack: "Stack", path: str, cookies: str, times: int = 60) -> tuple[float, float]:
    """The 95th percentile of a partial and the median of the whole page, in milliseconds."""

    def ask(**headers: str) -> Iterator[float]:
        for _ in range(times):
            began = time.perf_counter()
            answer = stack.http.request("GET", stack.url + path, headers={"Cookie": cookies, **headers})
            yield (time.perf_counter() - began) * 1000
            assert answer.status == 200, f"{path} answers {answer.status}"

    list(ask())
    partial = sorted(ask(**{"HX-Request": "true"}))
    return partial[int(times * 0.95) - 1], statistics.median(ask())


if __name__ == "__main__":
    main()
