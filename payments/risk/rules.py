"""The rules floor: it works with no model, and each verdict says why.

Every rule that fires adds a factor; the score is one minus the product of what the factors leave over, so it grows with
each and never passes 1. The verdict is the strictest that a fired rule asks for.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from payments.models import Payment, PaymentMethod, RiskListEntry, RiskPolicy
from payments.models.decisions import Verdict
from payments.states import PaymentState
from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.money import Money

VERSION = "rules-1"
HOUR = timedelta(hours=1)
# Far above what one person does by hand; a merchant's policy may set less.
MOST_PER_HOUR = 1_000
MOST_FAILED_PER_HOUR = 30
_STRICTNESS = [Verdict.ALLOW, Verdict.CHALLENGE, Verdict.REVIEW, Verdict.BLOCK]


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason: its weight is how much risk it stands for, from 0 to 1."""

    name: str
    weight: float
    verdict: Verdict
    detail: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with its score from 0 to 1, its reasons and the inputs it was computed from."""

    score: float
    verdict: Verdict
    factors: list[Factor] = field(default_factory=list)
    inputs: dict[str, object] = field(default_factory=dict)
    version: str = VERSION


def assess(*, actor: Actor, money: Money, customer_id: str, method: PaymentMethod | None) -> Assessment:
    """Score a payment that is about to be tried."""
    policy = RiskPolicy.objects.visible_to(actor).filter(currency=money.currency).first()
    subjects = {(RiskListEntry.Kind.CUSTOMER, customer_id)}
    if method is not None:
        subjects |= {
            (RiskListEntry.Kind.PAYMENT_METHOD, method.public_id),
            (RiskListEntry.Kind.COUNTRY, method.country),
        }
    listed = _listed(actor, {(str(kind), value) for kind, value in subjects})
    recent, failed = _recent(method, policy)
    inputs: dict[str, object] = {
        "amount": money.minor,
        "currency": money.currency,
        "payments_last_hour": recent,
        "failed_last_hour": failed,
        "listed": [f"{entry.kind}:{entry.value}:{entry.verdict}" for entry in listed],
    }
    if any(entry.verdict == Verdict.ALLOW for entry in listed):
        return Assessment(0.0, Verdict.ALLOW, [], inputs)
    factors = [
        Factor(f"listed_{entry.kind}", 1.0, Verdict.BLOCK, f"{entry.value} is on the block list") for entry in listed
    ]
    factors += _amount(money, policy) + _velocity(recent, failed, policy)
    left = 1.0
    for factor in factors:
        left *= 1.0 - factor.weight
    verdict = max((factor.verdict for factor in factors), key=_STRICTNESS.index, default=Verdict.ALLOW)
    return Assessment(round(1.0 - left, 6), verdict, factors, inputs)


def _listed(actor: Actor, subjects: set[tuple[str, str]]) -> list[RiskListEntry]:
    values = [value for _, value in subjects if value]
    found = RiskListEntry.objects.visible_to(actor).filter(value__in=values)
    return [entry for entry in found if (entry.kind, entry.value) in subjects]


def _recent(method: PaymentMethod | None, policy: RiskPolicy | None) -> tuple[int, int]:
    """Count the customer's payments of the last hour, and the failed ones; counting stops just past the limit."""
    if method is None:
        return 0, 0
    limit = _limit(policy) + 1
    states = Payment.objects.filter(customer_id=method.customer_id, created_at__gte=clock.now() - HOUR)
    found = list(states.order_by("-created_at").values_list("state", flat=True)[:limit])
    return len(found), sum(state == PaymentState.FAILED for state in found)


def _limit(policy: RiskPolicy | None) -> int:
    return policy.most_per_hour if policy is not None and policy.most_per_hour is not None else MOST_PER_HOUR


def _amount(money: Money, policy: RiskPolicy | None) -> list[Factor]:
    if policy is None:
        return []
    thresholds = [
        ("amount_over_block_limit", policy.block_over, 1.0, Verdict.BLOCK),
        ("amount_over_review_limit", policy.review_over, 0.6, Verdict.REVIEW),
        ("amount_over_challenge_limit", policy.challenge_over, 0.3, Verdict.CHALLENGE),
    ]
    for name, limit, weight, verdict in thresholds:
        if limit is not None and money.minor > limit:
            return [Factor(name, weight, verdict, f"{money} is more than {Money(limit, money.currency)}")]
    return []


def _velocity(recent: int, failed: int, policy: RiskPolicy | None) -> list[Factor]:
    factors = []
    if recent > _limit(policy):
        detail = f"more than {_limit(policy)} payments of this customer within an hour"
        factors.append(Factor("customer_velocity", 0.4, Verdict.CHALLENGE, detail))
    if failed > MOST_FAILED_PER_HOUR:
        detail = f"{failed} failed payments of this customer within an hour"
        factors.append(Factor("customer_failures", 0.5, Verdict.CHALLENGE, detail))
    return factors
