"""HTTP under ASGI with one change of thread a request.

Django's own handler calls each synchronous middleware and view in a thread call of its own, and gives each request a
new thread with a new connection object; that cost more than the middlewares did. Here the whole synchronous chain runs
in one of a fixed number of threads, whose connections come from the pool and go back to it.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.db import close_old_connections
from django.http.response import HttpResponseBase
from django.urls import set_urlconf


class ThreadedHandler(ASGIHandler):
    """Django's ASGI handler around a synchronous middleware chain."""

    def __init__(self) -> None:
        super().__init__()
        self.threads = ThreadPoolExecutor(settings.WEB_THREADS, thread_name_prefix="request")

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        run = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self.threads, run, self._in_thread, request)

    def _in_thread(self, request: ASGIRequest) -> HttpResponseBase:
        set_urlconf(None)
        close_old_connections()
        try:
            return self.get_response(request)
        finally:
            close_old_connections()
