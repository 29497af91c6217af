"""Files that are sent while they are written."""

import csv
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


class _Line:
    """What csv writes to: hands each line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as lines of CSV; who fills them guards against formulas."""
    writer = csv.writer(_Line())
    return "".join(writer.writerow(row) for row in rows)


def stream(request: HttpRequest, pieces: Iterator[str], *, content_type: str, name: str) -> StreamingHttpResponse:
    """Send pieces of a file called ``name`` as they come, in constant memory."""
    # A server of either kind would otherwise collect the whole file before it sends the first byte.
    lines = _later(pieces) if isinstance(request, ASGIRequest) else pieces
    response = StreamingHttpResponse(lines, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


async def _later(pieces: Iterator[str]) -> AsyncIterator[str]:
    while text := await sync_to_async(_next)(pieces):
        yield text


def _next(pieces: Iterator[str]) -> str:
    return next(pieces, "")
