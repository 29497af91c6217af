"""Locks that are always taken in one order, so that no two can wait for each other."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from django.db import connection, models

from rupai.core import statements

M = TypeVar("M", bound=models.Model)


class LockNeedsTransaction(RuntimeError):
    """A row lock outside a transaction is released at once and protects nothing."""


def lock_rows(queryset: models.QuerySet[M], keys: Iterable[UUID]) -> list[M]:
    """Lock rows in key order and return them in that order; missing keys are left out.

    :raises LockNeedsTransaction: outside a transaction.
    """
    need_transaction()
    return list(queryset.select_for_update(of=("self",)).filter(pk__in=list(keys)).order_by("pk"))


def lock_row(queryset: models.QuerySet[M], key: UUID) -> M | None:
    """Lock one row, or return None when there is none."""
    found = lock_rows(queryset, [key])
    return found[0] if found else None


def lock_key(model: type[M], key: UUID) -> M | None:
    """Lock one row of a model by its key, or return None when there is none; the cheapest way to do so."""
    need_transaction()
    rest = f'FROM "{model._meta.db_table}" t0 WHERE t0.id = %s FOR UPDATE'
    found = statements.read([model], rest, [key])
    return found[0][0] if found else None


def try_single_writer(name: str) -> bool:
    """Become the only holder of a named lock until this transaction ends; False when another holds it."""
    need_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
        return bool(cursor.fetchone()[0])


def need_transaction() -> None:
    """Refuse to lock outside a transaction.

    :raises LockNeedsTransaction: saying so.
    """
    if not connection.in_atomic_block:
        raise LockNeedsTransaction("Take locks inside transaction.atomic()")
