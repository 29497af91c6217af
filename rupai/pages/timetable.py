"""Admin of the timetable: each kind of time alone, since the tasks that use a time have a page of their own."""

from typing import Any

from django.contrib import admin
from django_celery_beat import admin as stock
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, SolarSchedule


class _Alone:
    """Without the table of tasks below, which would hold a form for each of them."""

    inlines: Any = ()


class ClockedAdmin(_Alone, stock.ClockedScheduleAdmin):  # type: ignore[misc]  # the package has no annotations
    """Times that come once."""


class CrontabAdmin(_Alone, stock.CrontabScheduleAdmin):  # type: ignore[misc]
    """Times as cron spells them."""


class SolarAdmin(_Alone, stock.SolarScheduleAdmin):  # type: ignore[misc]
    """Times of the sun."""


class IntervalAdmin(_Alone, stock.IntervalScheduleAdmin):  # type: ignore[misc]
    """Every so often."""


_SHOWN_BY: dict[Any, Any] = {
    ClockedSchedule: ClockedAdmin,
    CrontabSchedule: CrontabAdmin,
    SolarSchedule: SolarAdmin,
    IntervalSchedule: IntervalAdmin,
}
for model, shown_by in _SHOWN_BY.items():
    admin.site.unregister(model)
    admin.site.register(model, shown_by)
