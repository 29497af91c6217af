"""Rows of the hot path in few round trips: several writes in one statement, and reads whose text is built once.

The ORM composes its SQL anew for each call, which costs more than PostgreSQL takes to run it. Here the text is kept,
and values pass through the same fields, so a row is written and read exactly as the ORM would.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models
from django.db.models import NOT_PROVIDED
from django.db.models.fields.json import JSONField

from rupai.core import ids
from rupai.core.actor import Actor
from rupai.core.errors import NotFound
from rupai.core.rows import TenantRow

T = TypeVar("T", bound=TenantRow)
Change = tuple[models.Model, Sequence[str]]


class RowLost(DatabaseError):
    """A row that was to be changed is gone."""


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return list(model._meta.concrete_fields)


@cache
def _inserted(model: type[models.Model]) -> list[Any]:
    """The columns that we give; serial keys and database defaults are the database's."""
    return [
        field
        for field in _fields(model)
        if not isinstance(field, models.AutoField) and field.db_default is NOT_PROVIDED
    ]


def _given(model: type[models.Model], rows: list[models.Model]) -> tuple[Any, ...]:
    """The columns to name in an INSERT: a single row leaves out those that stay null."""
    fields = _inserted(model)
    if len(rows) == 1:
        [row] = rows
        return tuple(field for field in fields if getattr(row, field.attname) is not None)
    return tuple(fields)


@cache
def _insert(model: type[models.Model], fields: tuple[Any, ...], rows: int) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES {values}'  # noqa: S608


@cache
def _updated(model: type[models.Model], names: tuple[str, ...]) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> str:
    sets = ", ".join(f'"{field.column}" = %s' for field in _updated(model, names))
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE "{model._meta.pk.column}" = %s'  # noqa: S608


@cache
def _together(inserts: tuple[str, ...], updates: tuple[str, ...]) -> str:
    if len(inserts) + len(updates) == 1:
        return (inserts + updates)[0]
    parts = [f"u{place} AS ({text} RETURNING 1)" for place, text in enumerate(updates)]
    parts += [f"i{place} AS ({text})" for place, text in enumerate(inserts)]
    counted = " + ".join(f"(SELECT count(*) FROM u{place})" for place in range(len(updates)))  # noqa: S608
    return f"WITH {', '.join(parts)} SELECT {counted or '0'}"


def write(new: Iterable[models.Model] = (), *, changed: Sequence[Change] = ()) -> None:
    """Insert new rows and change the named fields of others, all in one statement.

    Rows of one model keep their order. Rows of several may name each other, because foreign keys are looked at when
    the transaction commits; but no call may take a unique place that it also gives up, and none may change a row twice.

    :raises RowLost: when a row to be changed is not there.
    """
    groups: dict[type[models.Model], list[models.Model]] = {}
    for row in new:
        groups.setdefault(type(row), []).append(row)
    updates = [(row, tuple(names)) for row, names in changed]
    given = [(_given(model, rows), rows) for model, rows in groups.items()]
    inserts = tuple(_insert(type(rows[0]), fields, len(rows)) for fields, rows in given)
    text = _together(inserts, tuple(_update(type(row), names) for row, names in updates))
    values: list[Any] = []
    for row, names in updates:
        values += _values(row, _updated(type(row), names))
        values.append(row.pk)
    for fields, rows in given:
        for row in rows:
            values += _values(row, fields)
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        alone = len(inserts) + len(updates) == 1
        found = cursor.rowcount if alone else cursor.fetchone()[0]
    if updates and found != len(updates):
        raise RowLost(f"{found} of {len(updates)} rows were there to be changed")
    for rows in groups.values():
        for row in rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


def _values(row: models.Model, fields: Iterable[Any]) -> list[Any]:
    used = connections[DEFAULT_DB_ALIAS]
    return [field.get_db_prep_save(getattr(row, field.attname), used) for field in fields]


@cache
def columns(model: type[models.Model], alias: str) -> str:
    """The list of a model's columns for ``SELECT``, in the order in which ``made`` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in _fields(model))


@cache
def _converted(model: type[models.Model]) -> list[tuple[int, Any]]:
    return [(place, field) for place, field in enumerate(_fields(model)) if hasattr(field, "from_db_value")]


@cache
def _names(model: type[models.Model]) -> list[str]:
    return [field.attname for field in _fields(model)]


def made(model: type[models.Model], values: Sequence[Any]) -> Any:
    """Make a row of a model from its columns."""
    given = list(values)
    for place, field in _converted(model):
        if given[place] is not None or not isinstance(field, JSONField):
            given[place] = field.from_db_value(given[place], None, connection)
    return model.from_db(DEFAULT_DB_ALIAS, _names(model), given)


def read(select: Sequence[type[models.Model]], rest: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Read rows of one or more models by one statement; ``rest`` begins with FROM and calls their tables t0, t1, ..."""
    listed = ", ".join(columns(model, f"t{place}") for place, model in enumerate(select))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {listed} {rest}", values)
        found = cursor.fetchall()
    answer = []
    for row in found:
        start, made_rows = 0, []
        for model in select:
            end = start + len(_fields(model))
            made_rows.append(made(model, row[start:end]))
            start = end
        answer.append(tuple(made_rows))
    return answer


def named(model: type[T], public_id: str, *, actor: Actor) -> T:
    """Get a row by its public id among those that the actor may see, as ``visible_to(actor).named(public_id)`` does.

    :raises NotFound: when there is none, or the text is no such id.
    """
    if actor.merchant_id is None:
        seen: Any = model.objects.visible_to(actor).named(public_id)
        return cast(T, seen)
    try:
        key = ids.parse(model.prefix, public_id)
    except ids.InvalidId:
        key = None
    rest = f'FROM "{model._meta.db_table}" t0 WHERE t0.id = %s AND t0.merchant_id = %s AND t0.livemode = %s'
    found = read([model], rest, [key, actor.merchant_id, actor.livemode]) if key is not None else []
    if not found:
        raise NotFound(f"No {model._meta.verbose_name} {public_id[:60]!r}")
    return cast(T, found[0][0])
