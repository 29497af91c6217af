"""Who calls with a key: counted in memory, written at most once a minute for each caller and process.

What a process has counted since its last write is lost with it, so the figures say "at least".
"""

import re
import threading
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from rupai.accounts.models import ApiKey, ApiKeyUse
from rupai.core import clock

WRITE_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)
MOST_A_DAY = 100
_MOST_IN_MEMORY = 10_000
_PROGRAM = re.compile(r"[A-Za-z0-9._-]{1,40}(?:/[0-9A-Za-z._-]{1,19})?")
# One statement: the last use of the key, and the caller's row of the day unless the key has its hundred.
_WRITE = """
WITH used AS (
    UPDATE accounts_apikey SET last_used_at = %(now)s, last_used_address = %(address)s
    WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at <= %(stale)s)
)
INSERT INTO accounts_apikeyuse AS known (key_id, day, address, agent, calls, last_at)
SELECT %(key)s, %(day)s, %(address)s::inet, %(agent)s, %(calls)s, %(now)s
WHERE (SELECT count(*) FROM accounts_apikeyuse WHERE key_id = %(key)s AND day = %(day)s) < %(most)s
   OR EXISTS (SELECT 1 FROM accounts_apikeyuse WHERE key_id = %(key)s AND day = %(day)s
              AND address IS NOT DISTINCT FROM %(address)s::inet AND agent = %(agent)s)
ON CONFLICT (key_id, day, address, agent)
DO UPDATE SET calls = known.calls + excluded.calls, last_at = greatest(known.last_at, excluded.last_at)
"""

_WRITE_AGENT = """
UPDATE accounts_agentkey SET last_used_at = %(now)s, last_used_address = %(address)s
WHERE id = %(key)s AND (last_used_at IS NULL OR last_used_at <= %(stale)s)
"""

Caller = tuple[UUID, str | None, str]
_lock = threading.Lock()
# For each caller: when it was last written, and how many calls came since.
_counted: dict[Caller, tuple[datetime, int]] = {}


def note(key: ApiKey, *, address: str | None, agent: str) -> None:
    """Count one call; the database is touched only when the caller's last write is a minute old."""
    now = clock.now()
    caller = (key.pk, address, program_of(agent))
    calls = _due(caller, now)
    if calls:
        _write(caller, calls, now)


def note_agent_key(key: UUID, *, address: str | None, agent: str) -> None:
    """Note when and from where an agent's key was last used; what it called for is in the agent's own log."""
    now = clock.now()
    caller = (key, address, program_of(agent))
    if _due(caller, now):
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_AGENT, {"key": key, "address": address, "now": now, "stale": now - WRITE_EVERY})


def forget_old(*, limit: int = 5000) -> int:
    """Delete what is older than 90 days; tell how many rows."""
    old = ApiKeyUse.objects.filter(day__lt=(clock.now() - KEPT).date()).order_by("day").values_list("pk", flat=True)
    return ApiKeyUse.objects.filter(pk__in=list(old[:limit])).delete()[0]


def program_of(agent: str) -> str:
    """The first product of a User-Agent, such as ``curl/8.5.0``: enough to know a caller again, too little to bloat."""
    found = _PROGRAM.match(agent)
    return found.group() if found else ""


def _due(caller: Caller, now: datetime) -> int:
    """How many calls are to be written now; 0 while the last write is younger than a minute."""
    with _lock:
        written_at, count = _counted.get(caller, (None, 0))
        if written_at is not None and abs(now - written_at) < WRITE_EVERY:
            _counted[caller] = written_at, count + 1
            return 0
        if len(_counted) >= _MOST_IN_MEMORY:
            _counted.clear()
        _counted[caller] = now, 0
        return count + 1


def _write(caller: Caller, calls: int, now: datetime) -> None:
    key, address, agent = caller
    given = {"key": key, "address": address, "agent": agent, "calls": calls, "now": now, "day": now.date()}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {**given, "stale": now - WRITE_EVERY, "most": MOST_A_DAY})
