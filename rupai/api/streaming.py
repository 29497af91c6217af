"""Files that are sent while they are written."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def stream(request: HttpRequest, pieces: Iterator[str], *, content_type: str, name: str) -> StreamingHttpResponse:
    """Send pieces of a file called ``name`` as they come, in constant memory."""
    # A server of either kind would otherwise collect the whole file before it sends the first byte.
    lines = _later(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def _later(pieces: Iterator[str]) -> AsyncIterator[str]:
    while text := await sync_to_async(_next)(pieces):
        yield text


def _next(pieces: Iterator[str]) -> str:
    return next(pieces, "")
