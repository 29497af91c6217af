"""Brings the tables back to what the migrations left, after a test that commits.

Django's own way empties all tables by TRUNCATE, which makes every index anew, and lets every receiver of
``post_migrate`` write its rows again, with hundreds of queries. Here only tables with rows are emptied, and the first
rows are copied back as PostgreSQL gave them: ten times faster, and with the same keys.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

MIGRATIONS = "django_migrations"
"""Not emptied by ``flush`` either."""
PATIENCE_SECONDS = 30.0


def _tables(cursor: CursorWrapper) -> list[str]:
    """In the order of their names."""
    return sorted(set(connection.introspection.table_names(cursor)) - {MIGRATIONS})


def _tables_with_rows(cursor: CursorWrapper) -> list[str]:
    tables = _tables(cursor)
    cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in tables))
    return [table for (table,) in cursor.fetchall()]


def first_rows() -> dict[str, bytes]:
    """The rows of each table that has any, in PostgreSQL's text form."""
    copies = {}
    with connection.cursor() as cursor:
        for table in _tables_with_rows(cursor):
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                copies[table] = b"".join(bytes(block) for block in copy)
    return copies


def put_back(copies: dict[str, bytes]) -> None:
    """Replace the content of all tables by ``copies``, as soon as nobody is at work in them.

    :raises OperationalError: when a server that the tests share did not finish what it was doing.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return _put_back(copies)
        except OperationalError as error:
            busy = getattr(error.__cause__, "sqlstate", "") in {"55P03", "40P01"}
            if not busy or time.monotonic() > end:
                raise
            time.sleep(0.1)


def _put_back(copies: dict[str, bytes]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # A ticker in the middle of its step would leave rows behind, or wait for ours while we wait for its. It is let
        # through: this wait ends before the database would call it a deadlock and choose a loser.
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        cursor.execute("LOCK TABLE " + ", ".join(f'"{table}"' for table in _tables(cursor)))
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        if cursor.fetchone() == (True,):
            # Neither foreign keys nor the triggers that keep rows for ever are asked.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table in _tables_with_rows(cursor):
                cursor.execute(f'DELETE FROM "{table}"')
        else:
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)
        for table, rows in copies.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                copy.write(rows)


@contextmanager
def after_each_test(copies: dict[str, bytes]) -> Iterator[None]:
    """Let every transactional test of this process end with ``put_back``."""
    with patch.object(TransactionTestCase, "_fixture_teardown", lambda _test: put_back(copies)):
        yield
