"""Time zones by the names of the zone database."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError


@cache
def known() -> frozenset[str]:
    """The names of all time zones; looked for once, as the database is a tree of some hundred files."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str) -> None:
    """Refuse a time zone that the zone database does not know."""
    if name not in known():
        raise ValidationError(f"{name!r} is no time zone; use a name such as Asia/Kolkata")
