"""The event log: facts are emitted in the transaction that makes them true, and handled after it committed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import connection

from rupai.core import clock, logs, statements
from rupai.core.actor import Actor
from rupai.core.models import Event

Handler = Callable[[Event], None]
_NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_handlers: dict[str, list[Handler]] = {}


class EmitNeedsTransaction(RuntimeError):
    """An event outside a transaction could be lost, or tell of something that never happened."""


class Subject(Protocol):
    """What an event is about: any row of a merchant."""

    @property
    def merchant_id(self) -> Any: ...

    @property
    def livemode(self) -> Any: ...

    @property
    def public_id(self) -> str: ...


PLATFORM_STREAM = UUID(int=0)
"""The stream of what concerns no single merchant; no merchant's reader sees it."""


@dataclass(frozen=True, slots=True)
class PlatformSubject:
    """What an event of the platform itself is about."""

    public_id: str
    merchant_id: UUID = PLATFORM_STREAM
    livemode: bool = True


def emit(
    type: str, *, subject: Subject, actor: Actor, data: dict[str, Any], changes: dict[str, list[Any]] | None = None
) -> Event:
    """Write a fact ``<noun>.<past verb>`` into the log.

    ``data`` is the subject's public REST fields without personal data, as they are now; ``changes`` maps a field to its
    old and new value. The row is also the body of the merchant's webhook and the content of the audit entry.

    :raises EmitNeedsTransaction: outside ``transaction.atomic()``.
    :raises ValueError: when the name is not of the form.
    """
    event = draft(type, subject=subject, actor=actor, data=data, changes=changes)
    statements.write([event])
    return event


def draft(
    type: str, *, subject: Subject, actor: Actor, data: dict[str, Any], changes: dict[str, list[Any]] | None = None
) -> Event:
    """Make the event that ``emit`` would write, for a caller that writes it together with other rows.

    :raises EmitNeedsTransaction: outside ``transaction.atomic()``.
    :raises ValueError: when the name is not of the form.
    """
    if not connection.in_atomic_block:
        raise EmitNeedsTransaction(type)
    if not _NAME.fullmatch(type):
        raise ValueError(f"Events are named <noun>.<past verb>, not {type!r}")
    return Event(
        merchant_id=subject.merchant_id,
        livemode=subject.livemode,
        created_at=clock.now(),
        type=type,
        subject_type=type.partition(".")[0],
        subject_id=subject.public_id,
        data=data,
        changes=changes or {},
        actor=actor.id,
        correlation_id=logs.correlation_id(),
    )


def on(*types: str) -> Callable[[Handler], Handler]:
    """Subscribe a handler to events; it runs as a task, at least once, and therefore must be idempotent."""

    def register(handler: Handler) -> Handler:
        for type in types:
            known = _handlers.setdefault(type, [])
            if handler not in known:
                known.append(handler)
        return handler

    return register


def handler_name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def handlers_of(type: str) -> list[Handler]:
    return _handlers.get(type, [])


def handler_named(name: str) -> Handler | None:
    """Find a subscribed handler; None when a release took it away."""
    return next((found for known in _handlers.values() for found in known if handler_name(found) == name), None)


def tenant_of(event: Event) -> tuple[UUID, bool]:
    """The stream an event belongs to: its merchant and mode."""
    return event.merchant_id, event.livemode
