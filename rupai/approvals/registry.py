"""Who can do what was approved: the apps that own an operation register its executor here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from rupai.approvals.errors import UnknownOperation
from rupai.core.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an executor did: a sentence for people, and plain values.

    ``succeeded`` is off when nothing of what was approved took place.
    """

    summary: str
    succeeded: bool = True
    details: dict[str, Any] = field(default_factory=dict)


Execute = Callable[[Actor, UUID, dict[str, Any]], Outcome]


@dataclass(frozen=True, slots=True)
class Executor:
    """An operation's work, the scope it needs, and the template that shows its arguments and result."""

    operation: str
    scope: str
    execute: Execute
    title: str
    template: str


_executors: dict[str, Executor] = {}


def executor(operation: str, *, scope: str, title: str, template: str = "") -> Callable[[Execute], Execute]:
    """Register the work of an operation.

    It is called with an actor who has only ``scope``, the approval's key and the frozen arguments, outside any
    transaction. It may be called again after a crash, and must then do nothing twice: the approval's key is the stem
    of its idempotency keys.
    """

    def register(execute: Execute) -> Execute:
        _executors[operation] = Executor(operation, scope, execute, title, template)
        return execute

    return register


def executor_of(operation: str) -> Executor:
    """Find the executor of an operation.

    :raises UnknownOperation: when no app has registered one.
    """
    try:
        return _executors[operation]
    except KeyError:
        raise UnknownOperation(f"Nothing here can do {operation[:64]!r}") from None


def title_of(operation: str) -> str:
    """The operation in words; its name when a release took its executor away."""
    found = _executors.get(operation)
    return found.title if found else operation


def template_of(operation: str) -> str:
    """The template that shows the operation's arguments and result; empty for the plain one."""
    found = _executors.get(operation)
    return found.template if found else ""
