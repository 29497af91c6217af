"""How many requests a key or user may make."""

import time
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from rupai.core import clock
from rupai.core.actor import Actor

log = structlog.get_logger(__name__)
WINDOW_SECONDS = 60
# A cache that hangs costs one request its time-out; until then the others go on without it.
AWAY_SECONDS = 2.0
_away_until = 0.0


class ActorThrottle(BaseThrottle):
    """A fixed window of a minute per key or user, counted atomically in the cache.

    A cache that is away lets requests through: a lost counter must not stop payments. Sign-in has its own, strict
    counter in the database.
    """

    def __init__(self) -> None:
        self.pause: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        actor = request.auth
        if not isinstance(actor, Actor):
            return True
        self.pause = pause_of(actor.id, most=settings.REQUESTS_PER_MINUTE)
        return self.pause is None

    def wait(self) -> float | None:
        return self.pause


def pause_of(subject: str, *, most: int) -> float | None:
    """Count one more of a subject in this minute; the seconds until the next when there were more than ``most``.

    None lets it through, as a cache that is away does.
    """
    if time.monotonic() < _away_until:
        return None
    second = int(clock.now().timestamp())
    try:
        count = _count(f"throttle:{subject}:{second // WINDOW_SECONDS}")
    except (RedisError, OSError, ValueError) as error:
        _leave_alone()
        log.warning("throttle counter not available", error=str(error))
        return None
    return WINDOW_SECONDS - second % WINDOW_SECONDS if count > most else None


def _count(name: str) -> int:
    """Count one more. Only the first of a window finds no counter; the others need not ask for one to be made."""
    try:
        return cache.incr(name)
    except ValueError:
        return 1 if cache.add(name, 1, timeout=2 * WINDOW_SECONDS) else cache.incr(name)


def _leave_alone() -> None:
    global _away_until
    _away_until = time.monotonic() + AWAY_SECONDS
