"""Threads of the MCP server that a test has used leave no connection behind."""

from collections.abc import Iterator
from concurrent.futures import wait
from threading import Barrier

import pytest
from django.conf import settings
from django.db import connections

from mcp_bridge import threads


@pytest.fixture
def threads_ended() -> Iterator[None]:
    """Close the connections of all threads when the test is over."""
    yield
    together = Barrier(settings.WEB_THREADS)

    def close() -> None:
        together.wait(10)
        connections.close_all()

    pool = threads._threads()
    wait([pool.submit(close) for _ in range(settings.WEB_THREADS)])
    pool.shutdown()
    threads._threads.cache_clear()
