"""The MCP server as a Django view, for WSGI: every answer that is one body. Streams need the ASGI address."""

import asyncio
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from mcp_bridge.door import Door, body_answer, door, headers_of, request_of
from rupai.core.addresses import client_address


@cache
def _door() -> Door:
    return door()


# Nobody calls this with a cookie: the door knows bearer values only, and asks where a browser comes from.
@csrf_exempt
def mcp(request: HttpRequest) -> HttpResponse:
    """Answer one JSON-RPC message."""
    pairs = [(name.lower(), value) for name, value in request.headers.items()]
    asked = request_of(request.method or "", request.META.get("QUERY_STRING", ""), pairs, request.body)
    answer = asyncio.run(body_answer(_door(), asked, client_address(request)))
    response = HttpResponse(answer.body, status=answer.status, headers=headers_of(answer))
    if not answer.body:
        # Django's own guess about a body that there is not.
        del response.headers["Content-Type"]
    return response
