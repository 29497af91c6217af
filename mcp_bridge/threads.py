"""Synchronous work of the MCP server, in a fixed number of threads whose connections go back to the pool."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections

T = TypeVar("T")


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="mcp")


async def in_thread(work: Callable[[], T]) -> T:
    """Do work that uses the database, with the context of the caller."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), copy_context().run, _tidy, work)


def _tidy(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        close_old_connections()
