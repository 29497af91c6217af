"""Rules of mandates that must hold at every moment (I14 of the invariants)."""

from django.db import connection

from rupai.core.invariants import invariant

MOST_LINES = 20


@invariant("I14", "What is counted of each limit of a mandate is the sum of its uses, and never over the limit")
def counters_are_sums_of_uses() -> list[str]:
    query = """
        WITH counted AS (
            SELECT u.mandate_id, u.currency, w.span, w.starts_at,
                coalesce(sum(u.amount) FILTER (WHERE u.state = 'committed'), 0) AS used,
                coalesce(sum(u.amount) FILTER (WHERE u.state = 'reserved'), 0) AS reserved
            FROM approvals_mandateuse u
            JOIN approvals_mandate m ON m.id = u.mandate_id
            CROSS JOIN LATERAL (VALUES ('hour', u.hour_at), ('day', u.day_at), ('month', u.month_at),
                ('total', m.valid_from)) AS w (span, starts_at)
            WHERE (m.limits -> u.currency) ? w.span
            GROUP BY 1, 2, 3, 4
        )
        SELECT coalesce(s.mandate_id, c.mandate_id), coalesce(s.currency, c.currency),
            coalesce(s.span, c.window), coalesce(s.starts_at, c.starts_at), 'counted', c.used, '+', c.reserved,
            'reserved of', c.ceiling, 'but uses are', s.used, '+', s.reserved
        FROM counted s
        FULL JOIN approvals_mandatecounter c ON c.mandate_id = s.mandate_id AND c.currency = s.currency
            AND c.window = s.span AND c.starts_at = s.starts_at
        WHERE (c.used, c.reserved) IS DISTINCT FROM (s.used, s.reserved) OR c.used + c.reserved > c.ceiling
    """
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [" ".join(str(value) for value in row) for row in cursor.fetchmany(MOST_LINES)]
