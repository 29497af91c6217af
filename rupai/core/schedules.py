"""What runs by the clock: apps register it in ``ready()``, and migrating writes it into django-celery-beat's tables.

There an operator may disable or change it; such a row is left alone, while an untouched one follows new releases.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from rupai.core.queue import queue_of

# Rows whose name begins so are ours; others belong to the operator.
PREFIX = "rupai."
# A tick that waited longer has newer ones behind it. Not shorter: behind a long queue every tick would expire unread.
LEAST_EXPIRY_SECONDS = 60
FIELDS = ("task", "queue", "kwargs", "expire_seconds", "interval", "crontab", "description")


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One entry: either ``every`` so many seconds, or by ``crontab`` (five fields, UTC)."""

    name: str
    task: str
    queue: str
    arguments: dict[str, Any]
    every: int | None
    crontab: str | None

    @property
    def expires(self) -> int:
        return max(self.every or 0, LEAST_EXPIRY_SECONDS)


_registered: dict[str, Scheduled] = {}


def schedule(
    name: str,
    task: str,
    *,
    every: int | None = None,
    crontab: str | None = None,
    queue: str | None = None,
    **arguments: Any,
) -> None:
    """Run a task by the clock, on its app's queue unless another is named.

    :raises ValueError: unless exactly one of ``every`` and ``crontab`` is given, or when the name is taken.
    """
    if (every is None) == (crontab is None):
        raise ValueError(f"Schedule {name} needs either every or crontab")
    if crontab is not None and len(crontab.split()) != 5:
        raise ValueError(f"Schedule {name}: a crontab has five fields")
    wanted = Scheduled(name, task, queue or queue_of(task), arguments, every, crontab)
    if _registered.setdefault(name, wanted) != wanted:
        raise ValueError(f"Schedule {name} is registered twice")


def registered() -> list[Scheduled]:
    return sorted(_registered.values(), key=lambda entry: entry.name)


def write(*, apps: Any = None, **_: Any) -> None:
    """Bring the tables up to what is registered; the receiver of ``post_migrate``.

    While the tables do not exist (migrated away, or one app migrated alone) it does nothing.
    """
    if apps is not None and "periodictask" not in apps.all_models["django_celery_beat"]:
        return
    from django_celery_beat.models import PeriodicTask, PeriodicTasks

    with transaction.atomic():
        ours = PeriodicTask.objects.filter(name__startswith=PREFIX).select_related("interval", "crontab")
        rows = {row.name: row for row in ours}
        wanted = {row.name: row for row in _wanted_rows()}
        stale = [wanted[name] for name, row in rows.items() if name in wanted and _is_stale(row, wanted[name])]
        obsolete = [row.pk for name, row in rows.items() if name not in wanted]
        missing = [row for name, row in wanted.items() if name not in rows]
        for row in stale:
            row.pk = rows[row.name].pk
        PeriodicTask.objects.filter(pk__in=obsolete).delete()
        PeriodicTask.objects.bulk_update(stale, FIELDS)
        PeriodicTask.objects.bulk_create(missing, ignore_conflicts=True)
        if stale or obsolete or missing:
            # Beat looks at this to read the tables again; rows written in bulk do not tell it.
            PeriodicTasks.update_changed()


def _is_stale(row: Any, wanted: Any) -> bool:
    """Whether a row is as we wrote it, but not what this release wants; an operator's change is never stale."""
    return bool(row.description == _described(row) and row.description != wanted.description)


def _wanted_rows() -> list[Any]:
    from django_celery_beat.models import PeriodicTask

    timings: dict[str, Any] = {}
    rows = []
    for entry in registered():
        when = entry.crontab or str(entry.every)
        timing = timings[when] = timings.get(when) or _timing(entry)
        row = PeriodicTask(
            name=PREFIX + entry.name,
            task=entry.task,
            queue=entry.queue,
            kwargs=json.dumps(entry.arguments, sort_keys=True),
            expire_seconds=entry.expires,
            **{"interval" if entry.crontab is None else "crontab": timing},
        )
        row.description = _described(row)
        rows.append(row)
    return rows


def _described(row: Any) -> str:
    """What a row does, in words; a row whose description says something else was changed after we wrote it."""
    if row.interval is not None:
        when = f"every {row.interval.every} {row.interval.period}"
    else:
        when = f"at {row.crontab}"
    state = "" if row.enabled else ", disabled"
    return f"{row.task} {row.kwargs} on {row.queue}, {when}, expires after {row.expire_seconds} s{state}"


def _timing(entry: Scheduled) -> Any:
    """Find or make the row of an interval or crontab; its table allows several equal ones."""
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    if entry.crontab is None:
        values = {"every": entry.every, "period": IntervalSchedule.SECONDS}
        return IntervalSchedule.objects.filter(**values).first() or IntervalSchedule.objects.create(**values)
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    fields = dict(zip(names, entry.crontab.split(), strict=True)) | {"timezone": "UTC"}
    return CrontabSchedule.objects.filter(**fields).first() or CrontabSchedule.objects.create(**fields)
