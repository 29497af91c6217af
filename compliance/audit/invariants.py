"""Rules of the log that must hold at every moment (I9, I10)."""

from compliance.audit import numbers, verifier
from rupai.core.invariants import invariant

_MOST_LINES = 20


@invariant("I9", "Sequenced events are gap-free per merchant, and over all")
def events_are_gap_free() -> list[str]:
    """Name merchants with gaps, and the first missing position."""
    missing = numbers.first_missing_position()
    return numbers.gaps_of_merchants()[:_MOST_LINES] + ([f"no event has position {missing}"] if missing else [])


@invariant("I10", "The audit chain verifies")
def audit_chains_verify() -> list[str]:
    """Name the first bad entry of each broken chain."""
    broken = []
    for verdict in verifier.verify():
        if verdict.fault is not None:
            fault = verdict.fault
            broken.append(f"{verdict.tenant}: seq {fault.seq}: {fault.problem}")
    return broken[:_MOST_LINES]
