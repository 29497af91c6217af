"""The smallest events, and ways to number and to damage them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from compliance.audit import sequencer
from rupai.core import events, ids
from rupai.core.actor import Actor
from rupai.core.models import Event

LONG_AGO = 3


@dataclass
class Thing:
    """What an event can be about."""

    merchant_id: UUID = field(default_factory=ids.new_key)
    livemode: bool = False
    id: UUID = field(default_factory=ids.new_key)
    prefix: str = "thing"

    @property
    def public_id(self) -> str:
        return ids.public_id(self.prefix, self.id)


def emit(thing: Thing, number: int = 0, **data: Any) -> Event:
    """Emit one event in a transaction of its own, or in the open one."""
    with transaction.atomic():
        return events.emit("thing.made", subject=thing, actor=Actor.platform("test"), data={"number": number, **data})


def sequence_all(*, seconds: float = 20) -> int:
    """Number every visible event; other sessions' older transactions may hold them back for a moment."""
    total, until = 0, time.monotonic() + seconds
    while True:
        total += sequencer.sequence()
        if not Event.objects.filter(seq__isnull=True).exists():
            return total
        if time.monotonic() > until:
            raise TimeoutError("A transaction that is older than the events stays open")
        time.sleep(0.02)


def sequence_inside() -> int:
    """Number events of the test's own transaction, made to look as if they were committed long ago."""
    with unguarded():
        Event.objects.filter(seq__isnull=True).update(transaction=LONG_AGO)
    count = sequencer.sequence()
    # Deferred checks are made now, as a commit would; later they would see the damage that a test did.
    connection.check_constraints()
    return count


_TABLES = ("core_event", "compliance_auditentry", "compliance_audithead")
_FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname), regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', '')
    FROM pg_constraint WHERE contype = 'f' AND confrelid = ANY (%s::regclass[])
"""


@contextmanager
def unguarded() -> Iterator[None]:
    """Take away triggers and foreign keys for a while, as whoever owns the tables can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(_FOREIGN_KEYS, [list(_TABLES)])
        keys = cursor.fetchall()
        for table, name, _ in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in _TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


class OpenTransaction:
    """A transaction on a connection of its own that stays open until it is told to end."""

    def __init__(self, thing: Thing | None = None) -> None:
        self._thing = thing
        self._ready, self._emit, self._emitted, self._end = (threading.Event() for _ in range(4))
        self._roll_back = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_xact_id()")
                self._ready.set()
                self._emit.wait(30)
                if self._thing is not None:
                    emit(self._thing)
                self._emitted.set()
                self._end.wait(30)
                transaction.set_rollback(self._roll_back)
        finally:
            connection.close()

    def emit(self) -> None:
        """Emit the event, still uncommitted."""
        self._emit.set()
        assert self._emitted.wait(10)

    def end(self, *, roll_back: bool = False) -> None:
        """Commit (or roll back), and wait until it is done."""
        self._roll_back = roll_back
        self._emit.set()
        self._end.set()
        self._thread.join(10)
        assert not self._thread.is_alive()
