"""What a pattern of fraud is: a subject with a score, and the reasons that the score is made of. Pure.

Reasons add up as in the rules floor: the score is one minus the product of what their weights leave over. Weights of
rules are those of ``payments.risk.rules``; a reason that rests on a statistic weighs one minus the chance that there is
nothing behind it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from payments.models.decisions import Verdict

# What weighs less than this is no reason.
LEAST_WEIGHT = 0.5
_DECISIONS = {Verdict.ALLOW: "allow", Verdict.CHALLENGE: "review", Verdict.REVIEW: "review", Verdict.BLOCK: "deny"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason; ``weight`` from 0 to 1 says how much risk it stands for."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """A payment, customer or merchant with its score from 0 to 1 and what the floor decides: allow, review or deny."""

    subject_id: str
    score: float
    decision: str
    factors: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well stored scores told fraud from the rest: area under the ROC curve, and mean squared error."""

    auc: float
    brier: float
    evaluated_at: datetime


@dataclass(frozen=True, slots=True)
class Patterns:
    """Patterns, the highest score first, among ``scanned`` payments or customers; ``calibration`` None is unknown."""

    findings: list[Pattern]
    scanned: int
    threshold: float
    model_version: str
    calibration: Calibration | None


def pattern(subject_id: str, reasons: Iterable[Reason], *, threshold: float, verdict: str = Verdict.ALLOW) -> Pattern:
    """Add reasons up; ``verdict`` is what the rules decided when the payment was made."""
    known = sorted(reasons, key=lambda reason: (-reason.weight, reason.name))
    left = 1.0
    for reason in known:
        left *= 1.0 - reason.weight
    score = round(1.0 - left, 6)
    decision = _DECISIONS[Verdict(verdict)]
    if decision == "allow" and known and score >= threshold:
        decision = "review"
    return Pattern(subject_id, score, decision, known)


def from_rules(factors: Sequence[dict[str, Any]]) -> list[Reason]:
    """The reasons of a stored decision."""
    return [Reason(str(factor["name"]), float(factor["weight"])) for factor in factors]


def from_chance(name: str, chance: float, *, looked_at: int = 1) -> list[Reason]:
    """A reason that rests on a test, if it weighs anything.

    Of many subjects that were looked at some surprise by chance alone: the chance counts once for each (Bonferroni).
    """
    weight = round(1.0 - min(1.0, chance * looked_at), 6)
    return [Reason(name, weight)] if weight >= LEAST_WEIGHT else []


def from_distance(name: str, deviations: float) -> list[Reason]:
    """A reason that rests on how many standard deviations a value is above a mean, from two on.

    Whatever the distribution, at most 1 / (1 + d^2) of it lies so far above its mean (Cantelli's inequality).
    """
    if deviations < 2:
        return []
    return [Reason(name, round(deviations**2 / (1 + deviations**2), 6))]
