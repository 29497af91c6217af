"""Static files beside the application, without passing Django: collected ones, or straight from the apps."""

import gzip
import tempfile
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
# Text of more bytes than this travels packed.
PACK_FROM = 1_000
PACKED = frozenset({".css", ".js", ".json", ".svg"})
# Kept until the process ends, which empties it.
_twins = tempfile.TemporaryDirectory(prefix="rupai-static-")


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
        server.add_file_to_dictionary(url, _with_twin(Path(path), url))
    return server


def _with_twin(path: Path, url: str) -> str:
    """A link to the file beside a packed copy of it, which the server gives to those who take one."""
    if path.suffix not in PACKED or path.stat().st_size < PACK_FROM:
        return str(path)
    link = Path(_twins.name) / url.lstrip("/")
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
        link.with_name(f"{link.name}.gz").write_bytes(gzip.compress(path.read_bytes(), 6, mtime=0))
    return str(link)


def _harden(headers: Headers, path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
