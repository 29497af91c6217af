"""One browser for all tests that need one."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser

from tests.e2e.browser import chromium, executable
from tests.e2e.world import World, new_world, only_people
from tests.live import Stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where there is none these tests are skipped, and in CI they fail."""
    if executable() is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and in CI the browser tests may not be skipped")
        pytest.skip("Chromium is missing: install Debian's chromium, or name one by RUPAI_CHROMIUM")
    with chromium() as opened:
        yield opened


@pytest.fixture
def world(browser: Browser, rows: World) -> World:
    """A console with people, payments and one of everything, and a browser to look at it."""
    return rows


@pytest.fixture
def rows(served: Stack, transactional_db: None, settings: Any) -> World:
    """People, payments and one of everything; the sandbox behind it is that of the server."""
    cache.clear()
    settings.SANDBOX_URL = served.sandbox_url
    return new_world()


@pytest.fixture
def empty(browser: Browser, served: Stack, transactional_db: None) -> None:
    """A console with nothing but its superuser."""
    cache.clear()
    only_people()


@pytest.fixture(autouse=True)
def server_log(served: Stack) -> Iterator[None]:
    """Show beside a failure what the server wrote meanwhile."""
    log = served.folder / "web.log"
    before = log.stat().st_size
    yield
    print(log.read_text()[before:][-8000:])
