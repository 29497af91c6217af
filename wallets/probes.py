"""Rules of the ledger that must hold at every moment (I1, I2, I3, I7 of the invariants)."""

from datetime import datetime
from typing import Any

from django.db import connection

from rupai.core.invariants import invariant, recent

MOST_LINES = 20


def _lines(query: str, parameters: list[Any] | None = None) -> list[str]:
    """One line for each row of a query of violations, at most ``MOST_LINES``."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return [" ".join(str(value) for value in row) for row in cursor.fetchmany(MOST_LINES)]


@invariant("I1", "Debits equal credits in each ledger, posted and pending")
def debits_equal_credits() -> list[str]:
    return _lines(
        """
        SELECT 'ledger', ledger, 'debits', sum(debits_posted), '+', sum(debits_pending), 'pending, credits',
               sum(credits_posted), '+', sum(credits_pending), 'pending'
        FROM wallets_counters GROUP BY ledger
        HAVING sum(debits_posted) <> sum(credits_posted) OR sum(debits_pending) <> sum(credits_pending)
        """
    )


@invariant("I2", "Each account's counters are the sum of its entries, and its version counts them without a gap")
def counters_are_sums() -> list[str]:
    # Each side is added up on its own first: grouping the view would sort twice the rows.
    return _lines(
        """
        WITH moved AS (
            SELECT debit_account_id AS account_id, debit_shard AS shard, sum(pending_change) AS debits_pending,
                   sum(posted_change) AS debits_posted, 0 AS credits_pending, 0 AS credits_posted,
                   count(*) AS entries, max(debit_version) AS version
            FROM wallets_transfer GROUP BY 1, 2
            UNION ALL
            SELECT credit_account_id, credit_shard, 0, 0, sum(pending_change), sum(posted_change),
                   count(*), max(credit_version)
            FROM wallets_transfer GROUP BY 1, 2
        ), summed AS (
            SELECT account_id, shard, sum(debits_pending) AS debits_pending, sum(debits_posted) AS debits_posted,
                   sum(credits_pending) AS credits_pending, sum(credits_posted) AS credits_posted,
                   sum(entries) AS entries, max(version) AS version
            FROM moved GROUP BY 1, 2
        )
        SELECT 'account', coalesce(s.account_id, c.account_id), 'shard', coalesce(s.shard, c.shard), 'has version',
               c.version, 'and counters', ARRAY[c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted],
               'but', s.entries, 'entries up to version', s.version, 'of',
               ARRAY[s.debits_pending, s.debits_posted, s.credits_pending, s.credits_posted]
        FROM summed s FULL JOIN wallets_counters c ON c.account_id = s.account_id AND c.shard = s.shard
        WHERE c.id IS NULL OR c.version <> coalesce(s.entries, 0) OR c.version <> coalesce(s.version, 0)
           OR (c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted) IS DISTINCT FROM (
               coalesce(s.debits_pending, 0), coalesce(s.debits_posted, 0),
               coalesce(s.credits_pending, 0), coalesce(s.credits_posted, 0))
        """
    )


@recent("I2")
def changed_counters_are_sums(since: datetime) -> list[str]:
    """Follow the counters of each account that was touched from entry to entry, and to what they are now."""
    return _lines(
        """
        WITH walked AS (
            SELECT e.*, c.version AS last, ARRAY[c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted]
                       AS now, lag(e.version) OVER w AS before, lead(e.version) OVER w AS following,
                   ARRAY[e.debits_pending, e.debits_posted, e.credits_pending, e.credits_posted] AS counters,
                   ARRAY[lag(e.debits_pending) OVER w + CASE e.side WHEN 'debit' THEN e.pending_change ELSE 0 END,
                         lag(e.debits_posted) OVER w + CASE e.side WHEN 'debit' THEN e.posted_change ELSE 0 END,
                         lag(e.credits_pending) OVER w + CASE e.side WHEN 'credit' THEN e.pending_change ELSE 0 END,
                         lag(e.credits_posted) OVER w + CASE e.side WHEN 'credit' THEN e.posted_change ELSE 0 END]
                       AS wanted
            FROM wallets_counters c
            JOIN wallets_entry e ON e.account_id = c.account_id AND e.shard = c.shard AND e.created_at > %s
            WHERE c.touched_at > %s
            WINDOW w AS (PARTITION BY e.account_id, e.shard ORDER BY e.version)
        )
        SELECT 'account', account_id, 'shard', shard, 'version', version, 'has', counters, 'after', before, 'wanted',
               wanted, 'and now', now, 'at', last
        FROM walked
        WHERE (before IS NOT NULL AND (version <> before + 1 OR counters <> wanted))
           OR (following IS NULL AND (version <> last OR counters <> now))
        """,
        [since, since],
    )


@invariant("I3", "No account is below its limit or has a negative counter, and repeats what account and wallet say")
def limits_hold() -> list[str]:
    return _lines(_LIMITS)


@recent("I3")
def changed_limits_hold(since: datetime) -> list[str]:
    return _lines(f"{_LIMITS} AND c.touched_at > %s", [since])


_LIMITS = """
        SELECT 'account', c.account_id, 'shard', c.shard, 'may exceed by',
               coalesce(c.debits_may_exceed_by, c.credits_may_exceed_by), 'has',
               ARRAY[c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted]
        FROM wallets_counters c LEFT JOIN wallets_account a ON a.id = c.account_id
             LEFT JOIN wallets_wallet w ON w.account_id = c.account_id
        WHERE (least(c.debits_pending, c.debits_posted, c.credits_pending, c.credits_posted) < 0
           OR c.debits_pending + c.debits_posted - c.debits_may_exceed_by > c.credits_posted
           OR c.credits_pending + c.credits_posted - c.credits_may_exceed_by > c.debits_posted
           OR (a.merchant_id, a.livemode, a.ledger, a.flags & 2 <> 0, a.flags & 4 <> 0, a.shards) IS DISTINCT FROM
              (c.merchant_id, c.livemode, c.ledger, c.debits_may_exceed_by IS NOT NULL,
               c.credits_may_exceed_by IS NOT NULL, c.shards)
           OR c.shard NOT BETWEEN 0 AND a.shards - 1
           OR (w.status = 'closed', w.overdraft_limit) IS DISTINCT FROM (c.closed, c.debits_may_exceed_by)
              AND w.id IS NOT NULL)
"""


@invariant("I7", "Open holds add up to the pending counters, and each closed one was closed by one transfer")
def holds_are_pending() -> list[str]:
    return _open_holds() + _lines(
        """
        SELECT 'hold', h.transfer_id, 'is', h.state, 'but resolved by', t.id
        FROM wallets_hold h LEFT JOIN wallets_transfer t ON t.pending_id = h.transfer_id
        WHERE (h.state = 'pending') <> (t.id IS NULL) OR h.resolved_by_id IS DISTINCT FROM t.id
        """
    )


@recent("I7")
def changed_holds_are_pending(since: datetime) -> list[str]:
    """All open holds, which are few, and those that were closed since."""
    return _open_holds() + _lines(
        """
        SELECT 'hold', h.transfer_id, 'is', h.state, 'but resolved by', t.id
        FROM wallets_transfer t LEFT JOIN wallets_hold h ON h.transfer_id = t.pending_id
        WHERE t.pending_id IS NOT NULL AND t.created_at > %s
          AND (h.state = 'pending' OR h.resolved_by_id IS DISTINCT FROM t.id)
        """,
        [since],
    )


def _open_holds() -> list[str]:
    return _lines(
        """
        WITH held AS (
            SELECT t.* FROM wallets_hold h JOIN wallets_transfer t ON t.id = h.transfer_id WHERE h.state = 'pending'
        ), summed AS (
            SELECT account_id, shard, sum(debits) AS debits, sum(credits) AS credits FROM (
                SELECT debit_account_id AS account_id, debit_shard AS shard, amount AS debits, 0 AS credits FROM held
                UNION ALL SELECT credit_account_id, credit_shard, 0, amount FROM held) sides
            GROUP BY 1, 2
        )
        SELECT 'account', coalesce(s.account_id, c.account_id), 'shard', coalesce(s.shard, c.shard), 'pending',
               c.debits_pending, c.credits_pending, 'but held', s.debits, s.credits
        FROM summed s FULL JOIN (
            SELECT * FROM wallets_counters WHERE debits_pending <> 0 OR credits_pending <> 0
        ) c ON c.account_id = s.account_id AND c.shard = s.shard
        WHERE coalesce(s.debits, 0) <> coalesce(c.debits_pending, 0)
           OR coalesce(s.credits, 0) <> coalesce(c.credits_pending, 0)
        """
    )
