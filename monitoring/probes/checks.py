"""What ``/ready`` asks, one function a question; each raises ``NotReady`` with words that give nothing away."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from celery import current_app
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from kombu.exceptions import KombuError

from rupai.core import clock
from rupai.core.queue_names import QUEUES

# Independent of the application's own pool, which waits longer and may be exhausted.
DATABASE_SECONDS = 2
BROKER_SECONDS = 1
HEARTBEAT_AGE = timedelta(seconds=30)
Connection = psycopg.Connection[tuple[Any, ...]]
_expected: frozenset[tuple[str, str]] = frozenset()


class NotReady(Exception):
    """A check failed; the text is shown to everybody."""


def open_database() -> Connection:
    """Connect apart from the application's connections.

    :raises NotReady: when no connection can be had in time.
    """
    parameters = connection.get_connection_params() | {
        "connect_timeout": DATABASE_SECONDS,
        "options": f"-c statement_timeout={DATABASE_SECONDS}s -c lock_timeout={DATABASE_SECONDS}s",
        "application_name": "rupai-ready",
        "autocommit": True,
    }
    try:
        return psycopg.connect(**parameters)
    except psycopg.Error:
        raise NotReady("no connection") from None


def database(opened: Connection) -> None:
    """The database answers and takes writes.

    :raises NotReady: when it is a standby, or read-only.
    """
    row = opened.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean").fetchone()
    if row is None or row[0]:
        raise NotReady("read-only")


def migrations(opened: Connection) -> None:
    """Every migration of this release has been applied.

    :raises NotReady: telling how many are missing.
    """
    applied = set(opened.execute("SELECT app, name FROM django_migrations").fetchall())
    missing = len(_migrations_of_this_release() - applied)
    if missing:
        raise NotReady(f"{missing} not applied")


def _migrations_of_this_release() -> frozenset[tuple[str, str]]:
    global _expected
    if not _expected:
        # Reading them takes a tenth of a second, and they do not change while a process runs.
        loader = MigrationLoader(None)
        replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
        _expected = frozenset(loader.disk_migrations) - replaced
    return _expected


def workers(opened: Connection) -> None:
    """A worker took a task from each queue a short while ago.

    :raises NotReady: naming the silent queues.
    """
    beats = opened.execute("SELECT queue FROM monitoring_heartbeat WHERE at > %s", [clock.now() - HEARTBEAT_AGE])
    alive = {row[0] for row in beats.fetchall()}
    silent = [queue for queue in QUEUES if queue not in alive]
    if silent:
        raise NotReady(f"no sign of life: {', '.join(silent)}")


@contextmanager
def broker_connection() -> Iterator[Any]:
    """Connect to the broker with short time-outs of its own.

    :raises NotReady: when it does not answer in time, now or inside the block.
    """
    options = dict(current_app.conf.broker_transport_options)
    options |= {name: BROKER_SECONDS for name in options if name.endswith("timeout") and name != "visibility_timeout"}
    asked: Any = current_app.connection_for_write(connect_timeout=BROKER_SECONDS, transport_options=options)
    try:
        with asked:
            # Unlike connect() this tries once.
            _ = asked.default_channel
            yield asked
    except (KombuError, OSError, *asked.connection_errors):
        raise NotReady("no answer") from None


def broker() -> None:
    """The broker accepts a connection and answers.

    :raises NotReady: when it does not, in time.
    """
    with broker_connection():
        pass
