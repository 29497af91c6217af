"""Lucide icons, drawn into the page as SVG; the paths of those in use stand in one vendored file."""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

FILE = Path(__file__).parent / "static" / "rupai" / "vendor" / "lucide" / "icons.json"
_UNKNOWN = '<circle cx="12" cy="12" r="9"/>'


class UnknownIcon(LookupError):
    """The vendored file has no such icon."""


@cache
def known() -> dict[str, str]:
    """The drawing of each vendored icon, by its name."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def icon(name: str, size: int = 18) -> SafeString:
    """Draw an icon; it is decoration, so the words beside it must say all.

    :raises UnknownIcon: in tests and development; a page for people shows a circle rather than an error.
    """
    if name not in known() and (settings.TESTING or settings.DEBUG):
        raise UnknownIcon(f"No icon {name!r}; add it to {FILE.name}")
    drawing = known().get(name, _UNKNOWN)
    return mark_safe(  # noqa: S308 - the drawings come from our own file, the size is a number
        f'<svg class="icon" width="{int(size)}" height="{int(size)}" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" '
        f'aria-hidden="true" focusable="false">{drawing}</svg>'
    )
