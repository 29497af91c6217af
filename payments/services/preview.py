"""What a dry run tells: the decisions that a service would make, and what would be left."""

from dataclasses import dataclass
from typing import Any

from payments.models import Payment, RouteDecision
from payments.risk.rules import Assessment
from payments.routing.policy import Route
from payments.services.intent import risk_decision
from rupai.approvals.services.verdicts import Verdict
from rupai.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The outcome of a dry run. ``payment`` is the one that it is about; that of a new payment is not written.

    ``risk`` and ``route`` are None where the service decides on neither. Amounts are minor units of ``money``'s
    currency: what could still be refunded or captured after it, and what the wallet could spend.
    """

    money: Money
    payment: Payment
    verdict: Verdict
    risk: Assessment | None = None
    route: Route | None = None
    refundable_after: int | None = None
    capturable_after: int | None = None
    balance_after: int | None = None

    def public(self) -> dict[str, Any]:
        """The facts as answers show them; what was not decided is left out."""
        shown: dict[str, Any] = {
            "status": "dry_run",
            "amount": self.money.minor,
            "currency": self.money.currency,
            "policy": self.verdict.public(),
        }
        if self.risk is not None:
            shown["risk"] = risk_decision(self.payment, self.risk).public()
        if self.route is not None:
            chosen = self.route.accounts[0].provider
            shown["route"] = RouteDecision(chosen=chosen, candidates=self.route.as_json()).public()
        left = {
            "refundable_after": self.refundable_after,
            "capturable_after": self.capturable_after,
            "balance_after": self.balance_after,
        }
        return shown | {name: amount for name, amount in left.items() if amount is not None}
