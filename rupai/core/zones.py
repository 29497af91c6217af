"""Time zones by the names of the zone database."""

import zoneinfo

from django.core.exceptions import ValidationError


def check_zone(name: str) -> None:
    """Refuse a time zone that the zone database does not know."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name!r} is no time zone; use a name such as Asia/Kolkata")
