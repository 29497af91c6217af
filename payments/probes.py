"""Rules of payments that must hold at every moment (I4, I5, I6, I8 of the invariants)."""

from typing import Any

from django.db import connection

from payments.states import LIVE_ATTEMPT
from rupai.core.invariants import invariant
from wallets.states import AccountCode

MOST_LINES = 20


def _lines(query: str, parameters: list[Any] | None = None) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT {MOST_LINES}", parameters or [])
        return [" ".join(str(value) for value in row) for row in cursor.fetchall()]


@invariant(
    "I4", "Refunded and disputed money never exceeds captured, captured never authorised, authorised never asked"
)
def amounts_in_order() -> list[str]:
    return _lines(
        """
        SELECT p.id, 'amounts out of order' FROM payments_payment p
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS done,
                   coalesce(sum(amount) FILTER (WHERE state = 'pending'), 0) AS pending
            FROM payments_refund r WHERE r.payment_id = p.id) r ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0) AS done
            FROM payments_capture c WHERE c.payment_id = p.id) c ON true
        WHERE p.amount_refunded + p.amount_refund_pending + p.amount_disputed > p.amount_captured
           OR p.amount_captured > p.amount_authorized OR p.amount_authorized > p.amount
           OR p.amount_refunded <> r.done OR p.amount_refund_pending <> r.pending OR p.amount_captured <> c.done
        """
    )


@invariant("I5", "A payment has at most one live attempt, and its row tells that attempt's state")
def one_live_attempt() -> list[str]:
    live = _lines(
        "SELECT payment_id, count(*), 'live attempts' FROM payments_attempt WHERE state = ANY(%s) "
        "GROUP BY payment_id HAVING count(*) > 1",
        [list(LIVE_ATTEMPT)],
    )
    return live + _lines(
        "SELECT p.id, p.attempt_state, a.state, 'attempt states differ' FROM payments_payment p "
        "JOIN payments_attempt a ON a.payment_id = p.id AND a.number = p.attempts WHERE a.state <> p.attempt_state"
    )


@invariant(
    "I6", "Each capture, refund and payout has exactly one posting of its amount, and a top-up's is in its wallet"
)
def one_posting_each() -> list[str]:
    captures = _lines(
        """
        SELECT c.id, c.state, 'capture and ledger differ' FROM payments_capture c
        LEFT JOIN wallets_transfer t ON t.id = c.id
        WHERE (c.state = 'succeeded') <> (t.id IS NOT NULL) OR t.amount <> c.amount
        """
    )
    postings = _lines(
        """
        SELECT t.id, t.kind, 'posting without its capture or refund' FROM wallets_transfer t
        WHERE t.kind IN ('capture', 'refund', 'payout') AND t.pending_id IS NULL
          AND NOT EXISTS (SELECT 1 FROM payments_capture c WHERE c.id = t.id)
          AND NOT EXISTS (SELECT 1 FROM payments_refund r WHERE r.id = t.id)
          AND NOT EXISTS (SELECT 1 FROM payments_payout o WHERE o.id = t.id)
        """
    )
    return captures + postings + _refunds_without_posting() + _payouts_without_posting() + _top_ups_elsewhere()


def _refunds_without_posting() -> list[str]:
    return _lines(
        """
        SELECT r.id, r.state, 'refund and ledger differ' FROM payments_refund r
        LEFT JOIN wallets_transfer t ON t.id = r.id
        LEFT JOIN wallets_transfer e ON e.pending_id = r.id
        WHERE t.id IS NULL OR t.amount <> r.amount
           OR (r.state = 'pending') <> (e.id IS NULL)
        """
    )


def _payouts_without_posting() -> list[str]:
    """A paid payout's hold is posted in full, a failed one's is void, an open one's is open."""
    return _lines(
        """
        SELECT o.id, o.state, 'payout and ledger differ' FROM payments_payout o
        JOIN wallets_wallet w ON w.id = o.wallet_id
        LEFT JOIN wallets_transfer t ON t.id = o.id AND t.kind = 'payout'
        LEFT JOIN wallets_transfer e ON e.pending_id = o.id
        WHERE t.id IS NULL OR t.amount <> o.amount OR t.debit_account_id <> w.account_id
           OR (o.state IN ('created', 'pending', 'unknown')) <> (e.id IS NULL)
           OR e.posted_change <> CASE o.state WHEN 'paid' THEN o.amount ELSE 0 END
        """
    )


def _top_ups_elsewhere() -> list[str]:
    """The capture of a top-up is in the wallet that it is for, or in suspense when it went astray."""
    return _lines(
        """
        SELECT p.id, 'top-up is not where it belongs' FROM payments_payment p
        JOIN wallets_wallet w ON w.id = p.wallet_id
        JOIN payments_capture c ON c.payment_id = p.id AND c.state = 'succeeded'
        JOIN wallets_transfer t ON t.id = c.id
        JOIN wallets_account a ON a.id = t.credit_account_id
        WHERE CASE WHEN p.stray THEN a.code <> %s ELSE a.id <> w.account_id END
        """,
        [int(AccountCode.SUSPENSE)],
    )


@invariant("I8", "Each change of a payment's state has one row of history and one event, and they form a chain")
def history_is_a_chain() -> list[str]:
    broken = _lines(
        """
        SELECT payment_id, id, 'history does not follow from the row before' FROM (
            SELECT payment_id, id, from_state,
                   lag(to_state, 1, '') OVER (PARTITION BY payment_id ORDER BY id) AS before
            FROM payments_history WHERE attempt_id IS NULL) h
        WHERE from_state <> before
        """
    )
    return broken + _lines(
        """
        SELECT p.id, p.state, 'state is not the last of the history' FROM payments_payment p
        WHERE p.state IS DISTINCT FROM (
            SELECT to_state FROM payments_history h
            WHERE h.payment_id = p.id AND h.attempt_id IS NULL ORDER BY h.id DESC LIMIT 1)
        """
    )
