"""Days as the merchant's calendar has them, and the weeks and months that they belong to."""

from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from analytics.errors import DateRange
from rupai.core.actor import Actor
from wallets.selectors.days import zone_of

MOST_DAYS = 400
# Days before and after which nobody paid anything, and which every time zone can still tell.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(9000, 1, 1)
_UTC = ZoneInfo("UTC")


def zone_for(actor: Actor) -> ZoneInfo:
    """The zone of the merchant acted for; UTC for all merchants together."""
    return zone_of(actor.merchant_id) if actor.merchant_id is not None else _UTC


def check_days(start: date, end: date) -> None:
    """Refuse days that cannot be asked for.

    :raises DateRange: when they are in the wrong order, too many, or none that there can be.
    """
    for day in (start, end):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise DateRange(f"{day} cannot be asked for", hint=f"Days are {FIRST_DAY} to {LAST_DAY}.")
    if end < start:
        raise DateRange("end_date is before start_date")
    if (end - start).days > MOST_DAYS:
        raise DateRange(f"end_date is more than {MOST_DAYS} days after start_date")


def week_of(day: date) -> str:
    """The ISO week, such as ``2026-W09``; weeks begin on Monday."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def month_of(day: date) -> str:
    """The month, such as ``2026-03``."""
    return f"{day:%Y-%m}"


NAMED: dict[str, Callable[[date], str]] = {"day": date.isoformat, "week": week_of, "month": month_of}


def every(start: date, end: date, *, by: str) -> list[str]:
    """The names of all days, weeks or months between two days, both included, in order."""
    days = (start + timedelta(days=number) for number in range((end - start).days + 1))
    return list(dict.fromkeys(NAMED[by](day) for day in days))


def after(day: date, *, by: str) -> date:
    """The first day of the day, week or month after the one that a day belongs to."""
    if by == "day":
        return day + timedelta(days=1)
    if by == "week":
        return day + timedelta(days=7 - day.weekday())
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
