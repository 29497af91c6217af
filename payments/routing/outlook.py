"""What is known of each provider before a payment is made: how its last payments by a method ended, and how fast."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from payments.routing.policy import Candidate, NoRoute, choose
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money

DAYS = 30
# The newest attempts only, so that a large merchant's question costs no more than a small one's.
MOST_ATTEMPTS = 5_000
# Declines that are the payer's or the card's are outcomes all the same: the merchant asks what will happen.
_RECENT = """
    WITH recent AS (
        SELECT a.provider, a.state, a.milliseconds
        FROM payments_payment p JOIN payments_attempt a ON a.payment_id = p.id
        WHERE p.merchant_id = %s AND p.livemode = %s AND p.method = %s AND p.currency = %s AND p.created_at > %s
        ORDER BY p.created_at DESC LIMIT %s
    )
    SELECT provider,
           count(*) FILTER (WHERE state IN ('authorized', 'charged', 'partially_charged', 'voided')),
           count(*) FILTER (WHERE state IN ('authorized', 'charged', 'partially_charged', 'voided', 'declined')),
           percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds) FILTER (WHERE milliseconds IS NOT NULL)
    FROM recent GROUP BY provider
"""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A candidate, and of its attempts of the last 30 days how many succeeded and ended; milliseconds, if any."""

    candidate: Candidate
    succeeded: int = 0
    decided: int = 0
    p95_ms: int | None = None

    @property
    def success_rate(self) -> float:
        """From 0 to 1; 0 where ``decided`` is 0."""
        return self.succeeded / self.decided if self.decided else 0.0


def explain(*, actor: Actor, money: Money, method: str) -> list[Outlook]:
    """The accounts that a payment of this kind would be offered to, the chosen one first, and what is known of each.

    Nothing is created. The list is empty when the merchant has no account; when none is eligible no score is above 0.
    """
    actor.require("payments:read")
    try:
        candidates = choose(actor=actor, money=money, method=method, saved=None).candidates
    except NoRoute as refused:
        candidates = [Candidate(**each) for each in refused.details["considered"]]
    known = _known(actor, money.currency, method)
    ranked = sorted(candidates, key=lambda candidate: -candidate.score)
    return [Outlook(candidate, *known.get(candidate.provider, (0, 0, None))) for candidate in ranked]


def _known(actor: Actor, currency: str, method: str) -> dict[str, tuple[int, int, int | None]]:
    since = clock.now() - timedelta(days=DAYS)
    with connection.cursor() as cursor:
        cursor.execute(_RECENT, [actor.merchant, actor.livemode, method, currency, since, MOST_ATTEMPTS])
        return {provider: (succeeded, decided, p95) for provider, succeeded, decided, p95 in cursor.fetchall()}
