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
    from django_celery_beat.models import PeriodicTask

    with transaction.atomic():
        rows = {row.name: row for row in PeriodicTask.objects.filter(name__startswith=PREFIX).select_for_update()}
        for entry in registered():
            _write_one(entry, rows.pop(PREFIX + entry.name, None))
        for obsolete in rows.values():
            obsolete.delete()


def _write_one(entry: Scheduled, row: Any) -> None:
    from django_celery_beat.models import PeriodicTask

    wanted = PeriodicTask(
        name=PREFIX + entry.name,
        task=entry.task,
        queue=entry.queue,
        kwargs=json.dumps(entry.arguments, sort_keys=True),
        expire_seconds=entry.expires,
        interval=_interval(entry),
        crontab=_crontab(entry),
    )
    wanted.description = _described(wanted)
    if row is not None:
        if row.description != _described(row) or row.description == wanted.description:
            # Changed by an operator, or already as it should be.
            return
        wanted.pk, wanted.last_run_at, wanted.total_run_count = row.pk, row.last_run_at, row.total_run_count
    wanted.save()


def _described(row: Any) -> str:
    """What a row does, in words; a row whose description says something else was changed after we wrote it."""
    if row.interval is not None:
        when = f"every {row.interval.every} {row.interval.period}"
    else:
        when = f"at {row.crontab}"
    state = "" if row.enabled else ", disabled"
    return f"{row.task} {row.kwargs} on {row.queue}, {when}, expires after {row.expire_seconds} s{state}"


def _interval(entry: Scheduled) -> Any:
    from django_celery_beat.models import IntervalSchedule

    if entry.every is None:
        return None
    values = {"every": entry.every, "period": IntervalSchedule.SECONDS}
    return IntervalSchedule.objects.filter(**values).first() or IntervalSchedule.objects.create(**values)


def _crontab(entry: Scheduled) -> Any:
    from django_celery_beat.models import CrontabSchedule

    if entry.crontab is None:
        return None
    names = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    values = dict(zip(names, entry.crontab.split(), strict=True)) | {"timezone": "UTC"}
    return CrontabSchedule.objects.filter(**values).first() or CrontabSchedule.objects.create(**values)
