"""Days and months as a merchant's calendar has them."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from rupai.accounts.models import Merchant


def zone_of(merchant_id: UUID) -> ZoneInfo:
    """The time zone of a merchant."""
    return ZoneInfo(Merchant.objects.values_list("timezone", flat=True).get(pk=merchant_id))


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
