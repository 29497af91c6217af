"""When a webhook that was not accepted is sent again."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_MINUTES = [1, 5, 5, *[10] * 5, *[60] * 5, *[360] * 3, *[720] * 4]
# Pauses between tries: about three days in all.
PAUSES = [timedelta(minutes=minutes) for minutes in _MINUTES]
MOST_TRIES = len(PAUSES) + 1
# So that endpoints that failed together do not come back together.
JITTER = 0.1
LONGEST_WAIT = timedelta(hours=6)


def next_try(*, tries: int, now: datetime, retry_after: timedelta | None = None) -> datetime | None:
    """Tell when to try again after ``tries`` failed tries, or None when it is given up.

    The receiver's ``Retry-After`` may lengthen the pause, to at most six hours.
    """
    if tries >= MOST_TRIES:
        return None
    pause = PAUSES[max(tries, 1) - 1] * (1 + JITTER * random.random())
    return now + max(pause, min(retry_after or timedelta(0), LONGEST_WAIT))


def retry_after(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Read ``Retry-After`` in seconds or as a date; None when it is absent, malformed or in the past."""
    text = next((value.strip() for name, value in headers.items() if name.lower() == "retry-after"), "")
    if text.isascii() and text.isdigit():
        # The bound also keeps absurdly long numbers out of the arithmetic.
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    pause = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return pause if pause > timedelta(0) else None
