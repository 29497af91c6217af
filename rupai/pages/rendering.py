"""How a page of the console is answered: whole, or only the fragment that HTMX asked for."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    title: str,
    fragment: str | None = None,
    status: int = 200,
) -> TemplateResponse:
    """Render a page in the console's frame; to an HTMX request only ``fragment``, with new messages beside it."""
    given = {**admin.site.each_context(request), "title": title, **(context or {})}
    if fragment is not None and wants_fragment(request):
        given = {**given, "fragment": fragment}
        response = TemplateResponse(request, "pages/_swap.html", given, status=status)
    else:
        response = TemplateResponse(request, template, given, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def wants_fragment(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part; boosted links and a restored history need the whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )
