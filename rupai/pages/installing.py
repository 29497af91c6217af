"""What lets a browser install the console: manifest, service worker, and the page without a network."""

import hashlib
import json
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

KEPT = [
    "rupai/tokens.css",
    "rupai/console.css",
    "rupai/console.js",
    "rupai/mark.svg",
    "rupai/vendor/inter/inter.woff2",
]
"""What the page without a network is made of."""
ICONS = [
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-full-512.png", "512x512", "maskable"),
]
AN_HOUR = 3600


@require_safe
@cache_control(public=True, max_age=AN_HOUR)
def manifest(_request: HttpRequest) -> JsonResponse:
    """Name, icons and first page of the installed console; a W3C web application manifest."""
    home = reverse("admin:index")
    icons = [
        {"src": static(f"rupai/icons/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
        for name, sizes, purpose in ICONS
    ]
    body = {
        "id": home,
        "name": "RupAI console",
        "short_name": "RupAI",
        "description": "Payments, ledger and agents of this installation.",
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": "#f6f7f9",
        "theme_color": "#4a46d6",
        "icons": icons,
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
@cache_control(no_cache=True)
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker; its text, and with that its cache, changes when a file that it keeps has changed."""
    kept = [reverse("offline"), *(static(name) for name in KEPT)]
    given = {"kept": kept, "static": static(""), "offline": reverse("offline"), "version": _version()}
    text = f"const given = {json.dumps(given)};\n{_source('rupai/worker.js').decode()}"
    return HttpResponse(text, content_type="text/javascript")


@require_safe
@cache_control(public=True, max_age=AN_HOUR)
def offline(request: HttpRequest) -> HttpResponse:
    """What stands in for a page of the console while the server cannot be reached; nothing personal is on it."""
    return render(request, "pages/offline.html")


@cache
def _version() -> str:
    digest = hashlib.sha256()
    for name in KEPT:
        digest.update(_source(name))
    return digest.hexdigest()[:16]


def _source(name: str) -> bytes:
    return Path(finders.find(name)).read_bytes()  # type: ignore[arg-type]


urlpatterns = [
    path("manifest.webmanifest", manifest, name="manifest"),
    path("sw.js", worker, name="worker"),
    path("offline/", offline, name="offline"),
]
