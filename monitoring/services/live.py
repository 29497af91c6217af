"""The ticker of the live console: one process of all renders each view once, and publishes it to all.

Each web process says in Redis which views its sockets look at, and listens on one channel. Whoever holds the lock
ticks: it brings the rollups up to date, renders the wanted views and publishes those whose text has changed.
"""

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import cast

import structlog
from django.conf import settings
from django.db import close_old_connections, connections
from redis import Redis, RedisError

from rupai.core import clock
from rupai.pages import live
from rupai.pages.live import LiveView

log = structlog.get_logger(__name__)
CHANNEL = "rupai:live"
_WANTED = "rupai:live:wanted:"
_HUNGRY = "rupai:live:hungry"
_LOCK = "rupai:live:ticker"
TICK_SECONDS = 1.0
BEAT_SECONDS = 5.0
# A process that died stops wanting, and its ticker is replaced, after so many seconds.
WANTED_SECONDS = 5
LEASE_SECONDS = 5
MOST_VIEWS = 500
_catch_up: list[Callable[[], object]] = []


def before_tick(step: Callable[[], object]) -> None:
    """Run a step before each rendering, e.g. bringing a reader of the log up to date."""
    if step not in _catch_up:
        _catch_up.append(step)


def connect() -> Redis:
    """A connection that gives up quickly: live figures are late rather than holding anybody up."""
    return Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=5.0, socket_connect_timeout=2.0)


def session_digest(session_key: str) -> str:
    """What stands for a session on the channel, where the key itself must not be seen."""
    return hashlib.sha256(f"live:{session_key}".encode()).hexdigest()


def end_session(session_key: str) -> None:
    """Close the sockets of a session in every process; without Redis they are closed by the next check."""
    try:
        with connect() as redis:
            redis.publish(CHANNEL, json.dumps({"gone": session_digest(session_key)}))
    except RedisError:
        log.warning("live_logout_not_told")


class Ticker:
    """Ticks in a thread of its own while ``wanted`` names views, as long as this process holds the lock.

    ``hungry`` are those whose text this process has missed: they are published once more, though it did not change.
    """

    def __init__(self, wanted: Callable[[], Iterable[str]], hungry: Callable[[], Iterable[str]] = tuple) -> None:
        self._wanted, self._hungry = wanted, hungry
        self._name = secrets.token_hex(8)
        self._published: dict[str, str] = {}
        self._beat = 0.0
        self._stopped, self._woken = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-ticker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for a tick that is under way."""
        self._stopped.set()
        self._woken.set()
        self._thread.join(10.0)

    def wake(self) -> None:
        """Tick soon: somebody looks at something that nobody of this process looked at before."""
        self._woken.set()

    def _run(self) -> None:
        redis = connect()
        while not self._stopped.is_set():
            started = time.monotonic()
            try:
                self.tick(redis)
            except Exception:
                # Whatever fails now (Redis, the database, a template) may work in a second; the pages show it as stale.
                log.exception("live_tick_failed")
            finally:
                close_old_connections()
            self._woken.wait(max(0.1, TICK_SECONDS - (time.monotonic() - started)))
            if self._woken.is_set() and not self._stopped.wait(0.1):
                self._woken.clear()
        self._give_up(redis)
        connections.close_all()

    def _give_up(self, redis: Redis) -> None:
        """Let another process tick at once; if Redis is away, the lease ends by itself."""
        try:
            redis.delete(_WANTED + self._name)
            if redis.get(_LOCK) == self._name:
                redis.delete(_LOCK)
        except RedisError:
            log.warning("live_lock_left")

    def tick(self, redis: Redis) -> int:
        """Announce what this process wants and, holding the lock, publish what changed; tell how much that was."""
        views = list(self._wanted())
        if views:
            redis.set(_WANTED + self._name, json.dumps(views), ex=WANTED_SECONDS)
        if hungry := list(self._hungry()):
            redis.sadd(_HUNGRY, *hungry)
            redis.expire(_HUNGRY, WANTED_SECONDS)
        if not self._leads(redis):
            self._published.clear()
            return 0
        return self._publish(redis, self._all_wanted(redis))

    def _leads(self, redis: Redis) -> bool:
        if redis.set(_LOCK, self._name, nx=True, ex=LEASE_SECONDS):
            return True
        if redis.get(_LOCK) != self._name:
            return False
        redis.expire(_LOCK, LEASE_SECONDS)
        return True

    def _all_wanted(self, redis: Redis) -> list[str]:
        names = list(redis.scan_iter(_WANTED + "*", count=100))
        kept = cast("list[str | None]", redis.mget(names)) if names else []
        return sorted({view for found in kept if found for view in json.loads(found)})[:MOST_VIEWS]

    def _publish(self, redis: Redis, views: list[str]) -> int:
        hungry = set(cast("list[str]", redis.spop(_HUNGRY, MOST_VIEWS)))
        known = self._published.items()
        self._published = {view: digest for view, digest in known if view in views and view not in hungry}
        if not views:
            return 0
        for step in _catch_up:
            step()
        count = 0
        for view in views:
            text = live.render(LiveView.of_key(view))
            digest = hashlib.sha256(text.encode()).hexdigest()
            if self._published.get(view) != digest:
                redis.publish(CHANNEL, json.dumps({"view": view, "text": text, "at": _now()}))
                self._published[view] = digest
                count += 1
        if time.monotonic() - self._beat >= BEAT_SECONDS:
            self._beat = time.monotonic()
            redis.publish(CHANNEL, json.dumps({"beat": _now()}))
        return count


def _now() -> str:
    return clock.now().isoformat(timespec="seconds")
