"""When people buy: by the hour, the weekday, the day of the month, and more and more over the quarter."""

import random
from datetime import datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from payments.demo.merchants import MerchantPlan

HOUR = timedelta(hours=1)
# Wages come at the turn of the month.
_PAYDAYS = frozenset({1, 2, 3, 28, 29, 30, 31})


def moments(plan: MerchantPlan, *, count: int, days: int, until: datetime, chance: random.Random) -> list[datetime]:
    """Draw the moments of ``count`` payments of the last ``days``, oldest first."""
    hours = days * 24
    first = until - HOUR * hours
    zone = ZoneInfo(plan.timezone)
    weights = [_weight(plan, (first + HOUR * hour).astimezone(zone), hour / hours) for hour in range(hours)]
    drawn = chance.choices(range(hours), cum_weights=list(accumulate(weights)), k=count)
    found = [first + HOUR * hour + timedelta(milliseconds=chance.randrange(3_600_000)) for hour in drawn]
    return sorted(found)


def _weight(plan: MerchantPlan, local: datetime, passed: float) -> float:
    payday = 1.18 if local.day in _PAYDAYS else 1.0
    return plan.hours[local.hour] * plan.weekdays[local.weekday()] * payday * (1 + plan.growth * passed)
