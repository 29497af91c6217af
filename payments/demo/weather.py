"""How the simulated acquirers do: usually, by method, and on their bad days."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cached_property

from payments.sandbox.outcomes import Outage, OutcomeModel

# Success rates in basis points by method; then the usual pause before an answer and its spread, in milliseconds.
_USUAL = {
    "sandbox_alpha": ({"card": 9_350, "upi": 9_420, "netbanking": 9_100, "wallet": 9_650}, 130, 260),
    "sandbox_beta": ({"card": 9_080, "upi": 8_960, "netbanking": 9_240}, 230, 420),
    "sandbox_gamma": ({"card": 8_780}, 340, 680),
}
_REASONS = {
    "card": {
        "insufficient_funds": 30,
        "do_not_honor": 24,
        "incorrect_cvc": 9,
        "transaction_not_permitted": 8,
        "expired_card": 7,
        "amount_limit_exceeded": 7,
        "issuer_unavailable": 6,
        "suspected_fraud": 4,
        "restricted_card": 3,
        "stolen_card": 1,
        "lost_card": 1,
    },
    "upi": {
        "wrong_pin": 30,
        "insufficient_funds": 28,
        "payer_cancelled": 20,
        "issuer_unavailable": 10,
        "frequency_limit_exceeded": 7,
        "unknown_payer_address": 5,
    },
    "netbanking": {"payer_cancelled": 38, "issuer_unavailable": 32, "insufficient_funds": 30},
    "wallet": {"insufficient_funds": 62, "amount_limit_exceeded": 26, "do_not_honor": 12},
}
# What one acquirer sees more of than the others.
_OWN = {
    "sandbox_beta": {"card": {"issuer_unavailable": 14, "do_not_honor": 32}, "upi": {"issuer_unavailable": 22}},
    "sandbox_gamma": {"card": {"transaction_not_permitted": 20, "restricted_card": 9, "suspected_fraud": 9}},
}
SILENT_FOR = timedelta(minutes=50)
REFUSING_FOR = timedelta(hours=4, minutes=15)
SLOW_FOR = timedelta(hours=9)


@dataclass(frozen=True)
class Weather:
    """Tells an acquirer's outcome model for a moment of the past of ``days`` before ``until``.

    On one day Alpha's main accounts first answer nothing but errors and then decline all; on another Beta is slow and
    lets less through.
    """

    seed: int
    days: int
    until: datetime

    @cached_property
    def outage(self) -> tuple[datetime, datetime, datetime]:
        """When Alpha falls silent, when it begins to decline, and when it is well again."""
        silent = self._day(0.69, time(9, 40))
        return silent, silent + SILENT_FOR, silent + REFUSING_FOR

    @cached_property
    def slow(self) -> tuple[datetime, datetime]:
        """When Beta becomes slow, and when it is well again."""
        begin = self._day(0.38, time(6, 15))
        return begin, begin + SLOW_FOR

    def model(self, provider: str, account: str, method: str, at: datetime) -> OutcomeModel:
        """Tell how an account at an acquirer behaves towards a method at a moment."""
        usual = self._usual(provider, method)
        silent, refusing, well = self.outage
        if provider == "sandbox_alpha" and account == "Alpha" and silent <= at < well:
            return replace(usual, outage=Outage.ERROR if at < refusing else Outage.DECLINE, latency_ms=1_900)
        begin, end = self.slow
        if provider == "sandbox_beta" and begin <= at < end:
            rates = {name: rate - 1_300 for name, rate in usual.success_rate_by_method.items()}
            return replace(usual, success_rate_by_method=rates, latency_ms=1_100, jitter_ms=1_900)
        return usual

    def _usual(self, provider: str, method: str) -> OutcomeModel:
        found = self._known.get((provider, method))
        if found is None:
            rates, latency, jitter = _USUAL[provider]
            mix = _REASONS[method] | _OWN.get(provider, {}).get(method, {})
            found = OutcomeModel(
                success_rate_by_method=rates, decline_mix=mix, latency_ms=latency, jitter_ms=jitter, seed=self.seed
            )
            self._known[provider, method] = found
        return found

    @cached_property
    def _known(self) -> dict[tuple[str, str], OutcomeModel]:
        return {}

    def _day(self, part: float, begin: time) -> datetime:
        """A time of day on the day that lies this far along the past."""
        first = self.until - timedelta(days=self.days)
        day = first + timedelta(days=round(self.days * part))
        return datetime.combine(day.date(), begin, tzinfo=self.until.tzinfo)
