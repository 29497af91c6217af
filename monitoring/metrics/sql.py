"""Reading figures at scrape time: few rows, bounded statements."""

from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def rows(query: str, *parameters: Any) -> list[Row]:
    """Run one query of the collectors."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def capped(query: str, cap: int, *parameters: Any) -> int:
    """Count the rows of a query, but no more than ``cap``."""
    return int(rows(f"SELECT count(*) FROM ({query} LIMIT %s) AS capped", *parameters, cap)[0][0])  # noqa: S608
