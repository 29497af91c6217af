"""JSON logs with one correlation id from the request through its tasks to its events, and without secrets."""

import re
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse

from rupai.core import pan

_correlation: ContextVar[str] = ContextVar("correlation_id", default="")
_GIVEN_ID = re.compile(r"[0-9A-Za-z._-]{8,64}")
_SECRET_NAME = re.compile(r"(?i)(authorization|password|secret|token|api_?key|cookie|credential|otp|private)")
# Our keys, tokens of the web, and the part of an invitation's address that sets a password.
_SECRET_VALUE = re.compile(
    r"\b(?:rk|ak|sk|whsec)_[0-9A-Za-z_]{16,}|\beyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_.-]+|\b[0-9a-z]{6}-[0-9a-f]{32}\b"
)
REMOVED = "[removed]"


def correlation_id() -> str:
    """The id that ties together all that one request caused; empty outside of any."""
    return _correlation.get()


def new_id() -> str:
    """A fresh correlation id, for a request that brought none."""
    # Keys take their time from the clock, which logs.
    from rupai.core.ids import new_key

    return new_key().hex


@contextmanager
def correlated(identifier: str) -> Iterator[None]:
    """Carry a correlation id, e.g. from a task's headers."""
    token = _correlation.set(identifier)
    try:
        yield
    finally:
        _correlation.reset(token)


def clean(value: Any, *, name: str = "") -> Any:
    """Take secrets out of a value that will be logged or stored for people to read."""
    if name and _SECRET_NAME.search(name) and isinstance(value, str | bytes):
        return REMOVED
    if isinstance(value, str):
        return pan.redact(_SECRET_VALUE.sub(REMOVED, value))
    if isinstance(value, dict):
        return {key: clean(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean(item) for item in value]
    return value


def _finish(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if _correlation.get():
        event.setdefault("correlation_id", _correlation.get())
    return {key: clean(item, name=key) for key, item in event.items()}


def configuration(*, level: str) -> dict[str, Any]:
    """Logging for Django's ``LOGGING``: one JSON object a line on standard error."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _finish,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(default=str),
                ],
                "foreign_pre_chain": before,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Our own line per request says more; these would repeat it.
            "django.server": {"level": "WARNING"},
            "daphne": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "urllib3": {"level": "ERROR"},
        },
    }


class RequestLog:
    """Middleware: take or make the correlation id, answer with it, and write one line a request."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        assert not iscoroutinefunction(get_response)
        self.get_response = get_response
        self.log = structlog.get_logger("rupai.request")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        fits = _GIVEN_ID.fullmatch(given) and not pan.contains(given)
        identifier = given if fits else new_id()
        started = time.perf_counter()
        with correlated(identifier):
            response = self.get_response(request)
            response.headers["X-Request-Id"] = identifier
            self.log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - started) * 1000, 1),
                actor=getattr(request, "actor_id", None),
            )
        return response
