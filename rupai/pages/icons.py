"""Lucide icons, drawn into the page as SVG; the paths of those in use stand in one vendored file."""

import json
import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.html import format_html, format_html_join

FILE = Path(__file__).parent / "static" / "rupai" / "vendor" / "lucide" / "icons.json"
_UNKNOWN = '<circle cx="12" cy="12" r="9"/>'
_ELEMENT = re.compile(r"<([a-z]+) ([^<>]*?)\s*/>")
_ATTRIBUTE = re.compile(r'([a-z0-9-]+)="([^"<>]*)"')


class UnknownIcon(LookupError):
    """The vendored file has no such icon."""


@cache
def known() -> dict[str, str]:
    """The drawing of each vendored icon, by its name."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


@cache
def icon(name: str, size: int = 18) -> str:
    """Draw an icon; it is decoration, so the words beside it must say all.

    :raises UnknownIcon: in tests and development; a page for people shows a circle rather than an error.
    """
    if name not in known() and (settings.TESTING or settings.DEBUG):
        raise UnknownIcon(f"No icon {name!r}; add it to {FILE.name}")
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" '
        'focusable="false">{1}</svg>',
        int(size),
        format_html_join("", "<{} {}/>", _elements(known().get(name, _UNKNOWN))),
    )


def _elements(drawing: str) -> list[tuple[str, str]]:
    """Each element of a drawing: its name, and its attributes written anew, so that nothing else can get through."""
    return [
        (name, format_html_join(" ", '{}="{}"', _ATTRIBUTE.findall(attributes)))
        for name, attributes in _ELEMENT.findall(drawing)
    ]
