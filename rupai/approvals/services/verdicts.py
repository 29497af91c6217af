"""Whether a mandate lets money move: a pure comparison of what is asked with the limits and what is used of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from rupai.approvals.errors import MandateRefused
from rupai.approvals.models import Mandate
from rupai.approvals.states import Window
from rupai.core.money import Money

Outcome = Literal["allowed", "needs_approval", "denied"]
# Reasons of a denial, from far off to nearly allowed: of several mandates the one that came nearest is told.
DENIALS: dict[str, str] = {
    "agent_killed": "This agent was stopped",
    "no_mandate": "This agent has no mandate for this",
    "mandate_expired": "The mandate is over",
    "mandate_not_started": "The mandate has not begun",
    "currency_not_covered": "The mandate does not cover this currency",
    "payee_not_allowed": "The mandate does not allow this payee",
    "over_transaction": "This is more than the mandate allows at once",
    "over_hour": "This is more than is left of the hour",
    "over_day": "This is more than is left of the day",
    "over_month": "This is more than is left of the month",
    "over_total": "This is more than is left of the mandate",
}
NEEDS_APPROVAL = "over_approval_limit"
_HINTS = {
    "agent_killed": "Ask the owner of the agent.",
    NEEDS_APPROVAL: "Ask for an approval; a person decides.",
}
_RANK = {"allowed": 0, "needs_approval": 1, "denied": 2}
_DEPTH = {reason: depth for depth, reason in enumerate(DENIALS)}


@dataclass(frozen=True, slots=True)
class Left:
    """What a window still lets through, in minor units, before the movement that was asked about."""

    window: Window
    amount: int
    currency: str

    def public(self) -> dict[str, Any]:
        return {"window": str(self.window), "amount": self.amount, "currency": self.currency}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the mandates say to one movement; ``reason`` is machine-readable and empty when it is allowed."""

    outcome: Outcome
    mandate_id: str = ""
    reason: str = ""
    remaining: list[Left] = field(default_factory=list)

    @property
    def allowed(self) -> bool:
        return self.outcome == "allowed"

    def public(self) -> dict[str, Any]:
        """The verdict as answers show it; what is empty is left out."""
        shown: dict[str, Any] = {"outcome": self.outcome}
        if self.mandate_id:
            shown["mandate_id"] = self.mandate_id
        if self.reason:
            shown["reason"] = self.reason
        return {**shown, "remaining": [each.public() for each in self.remaining]}

    def refusal(self) -> MandateRefused:
        """The error that says so."""
        shown = self.public()
        shown["policy"] = shown.pop("outcome")
        message = DENIALS.get(self.reason, "This needs the agreement of a person")
        hint = _HINTS.get(self.reason, "Ask for less, wait for the next window, or ask a person for another mandate.")
        return MandateRefused(message, hint=hint, **shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A movement that is asked for; ``approved`` when a second person has agreed to it."""

    money: Money
    payee: str
    at: datetime
    zone: ZoneInfo
    approved: bool = False


def judge(mandate: Mandate, asked: Asked, taken: Mapping[Window, int]) -> Verdict:
    """Compare a movement with one mandate; ``taken`` is what is used and reserved in each counted window."""
    minor, currency = asked.money.minor, asked.money.currency
    ceilings = mandate.ceilings(currency)
    left = [Left(window, max(0, ceiling - taken.get(window, 0)), currency) for window, ceiling in ceilings.items()]
    reason = _unfit(mandate, asked, bool(ceilings)) or next(
        (f"over_{each.window}" for each in left if minor > each.amount), ""
    )
    if reason:
        return Verdict(outcome="denied", mandate_id=mandate.public_id, reason=reason, remaining=left)
    over = mandate.approval_over.get(currency)
    if over is not None and minor > over and not asked.approved:
        return Verdict(outcome="needs_approval", mandate_id=mandate.public_id, reason=NEEDS_APPROVAL, remaining=left)
    return Verdict(outcome="allowed", mandate_id=mandate.public_id, remaining=left)


def _unfit(mandate: Mandate, asked: Asked, covered: bool) -> str:
    status = mandate.status_at(asked.at)
    if status != "active":
        return {"expired": "mandate_expired", "scheduled": "mandate_not_started"}.get(status, "no_mandate")
    if not covered:
        return "currency_not_covered"
    return "payee_not_allowed" if mandate.allowed_payees and asked.payee not in mandate.allowed_payees else ""


def nearness(verdict: Verdict) -> tuple[int, int]:
    """The lower, the better for the agent: by outcome, then by how near a denial came to being none."""
    return _RANK[verdict.outcome], -_DEPTH.get(verdict.reason, 0)
