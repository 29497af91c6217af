"""Light, dark or as the system has it: kept in a cookie, so that the very first byte of a page knows it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.decorators.http import require_POST

from rupai.pages.place import safe_target

COOKIE = "theme"
THEMES = ("system", "light", "dark")
_YEAR = 365 * 24 * 60 * 60


def theme_of(request: HttpRequest) -> str:
    """The theme that the browser asks for; anything unknown counts as the system's."""
    found = request.COOKIES.get(COOKIE, "")
    return found if found in THEMES else "system"


def set_theme(response: HttpResponseBase, theme: str) -> None:
    """Keep a theme in the browser.

    :raises ValueError: when there is no such theme.
    """
    if theme not in THEMES:
        raise ValueError(f"{theme!r} is no theme; there are {', '.join(THEMES)}")
    response.set_cookie(
        COOKIE, theme, max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )


@require_POST
def change_theme(request: HttpRequest) -> HttpResponse:
    """Take the theme of the form and go back; it works without JavaScript."""
    response = HttpResponseRedirect(safe_target(request))
    theme = request.POST.get("theme", "")
    set_theme(response, theme if theme in THEMES else "system")
    return response
