"""Static files beside the application, without passing Django: collected ones, or straight from the apps."""

from pathlib import Path
from typing import Any, TypeVar
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from servestatic.asgi import ServeStaticASGI
from servestatic.base import ServeStaticBase
from servestatic.wsgi import ServeStatic

Server = TypeVar("Server", bound=ServeStaticBase)
# Names carry no digest of the content, so browsers ask again; the answer is mostly "not modified".
MAX_AGE_SECONDS = 60


def with_static_files(application: Any) -> ServeStaticASGI:
    """Serve ``STATIC_URL`` before an ASGI application."""
    return _filled(
        ServeStaticASGI(application, max_age=MAX_AGE_SECONDS, allow_all_origins=False, add_headers_function=_harden)
    )


def with_static_files_wsgi(application: Any) -> ServeStatic:
    """Serve ``STATIC_URL`` before a WSGI application."""
    return _filled(
        ServeStatic(application, max_age=MAX_AGE_SECONDS, allow_all_origins=False, add_headers_function=_harden)
    )


def _filled(server: Server) -> Server:
    root = Path(settings.STATIC_ROOT)
    if root.is_dir():
        server.add_files(str(root), prefix=settings.STATIC_URL)
        return server
    found: dict[str, str] = {}
    for finder in finders.get_finders():
        for path, storage in finder.list(None):
            prefix = getattr(storage, "prefix", None) or ""
            found.setdefault(settings.STATIC_URL + "/".join(filter(None, [prefix, path])), storage.path(path))
    for url, path in found.items():
        server.add_file_to_dictionary(url, path)
    return server


def _harden(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
