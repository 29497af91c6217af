"""Time zones by the names of the zone database, and the days and months that they make."""

import zoneinfo
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError


@cache
def known() -> frozenset[str]:
    """The names of all time zones; looked for once, as the database is a tree of some hundred files."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str) -> None:
    """Refuse a time zone that the zone database does not know."""
    if name not in known():
        raise ValidationError(f"{name!r} is no time zone; use a name such as Asia/Kolkata")


def beginning_of(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day; on the day on which clocks go back, the earlier of the two midnights."""
    return datetime.combine(day, time.min, tzinfo=zone)


def day_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The calendar day around a moment: its first moment, and that of the day after it."""
    day = at.astimezone(zone).date()
    return beginning_of(day, zone), beginning_of(day + timedelta(days=1), zone)


def month_of(at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The calendar month around a moment: its first moment, and that of the month after it."""
    first = at.astimezone(zone).date().replace(day=1)
    return beginning_of(first, zone), beginning_of((first + timedelta(days=32)).replace(day=1), zone)
