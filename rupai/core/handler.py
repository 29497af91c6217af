"""HTTP under ASGI with one change of thread a request.

Django's own handler runs each synchronous middleware and view in a thread call of its own, which cost more than the
middlewares did. Here the whole synchronous chain runs in one.
"""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http.response import HttpResponseBase
from django.urls import set_urlconf


class ThreadedHandler(ASGIHandler):
    """Django's ASGI handler around a synchronous middleware chain."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:  # type: ignore[override]
        return await sync_to_async(self._in_thread, thread_sensitive=True)(request)

    def _in_thread(self, request: ASGIRequest) -> HttpResponseBase:
        set_urlconf(None)
        return self.get_response(request)
