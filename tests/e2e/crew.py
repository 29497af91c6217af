"""Several browsers that share the pages of a crawl: axe alone keeps a core busy."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue

from tests.e2e.addresses import Address
from tests.e2e.browser import Tab, chromium, open_context
from tests.e2e.crawl import Crawl

BROWSERS = 2


def visit_together(pages: Iterable[Address], *, url: str, begin: Callable[[Tab], Crawl]) -> Crawl:
    """Visit every page once, by whichever browser is free, and return what all of them found.

    ``begin`` readies the tab of each browser, e.g. signs in; it runs in a thread that may not touch the database.
    """
    left: SimpleQueue[Address] = SimpleQueue()
    for page in pages:
        left.put(page)

    def work() -> Crawl:
        with chromium() as browser:
            crawl = begin(Tab(open_context(browser, url).new_page()))
            while True:
                try:
                    crawl.visit(left.get_nowait())
                except Empty:
                    return crawl

    with ThreadPoolExecutor(BROWSERS) as pool:
        try:
            crawls = [one.result() for one in [pool.submit(work) for _ in range(BROWSERS)]]
        finally:
            # Whoever interrupts the crawl does not wait for the rest of it.
            with suppress(Empty):
                while True:
                    left.get_nowait()
    whole = crawls[0]
    for other in crawls[1:]:
        whole.findings += other.findings
        whole.visited += other.visited
    return whole
