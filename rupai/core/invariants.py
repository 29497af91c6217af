"""Registry of rules that must hold in the database at every moment; ``manage.py check_invariants`` runs them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

Check = Callable[[], list[str]]
CheckRecent = Callable[[datetime], list[str]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule: ``check`` returns a line for each violation, and nothing when the rule holds.

    ``recent``, where there is one, looks only at what has changed since a moment: by it a large database is checked
    each hour, and in full each night.
    """

    name: str
    title: str
    check: Check
    recent: CheckRecent | None = None


_registered: dict[str, Invariant] = {}


def invariant(name: str, title: str) -> Callable[[Check], Check]:
    """Register a check under its name, e.g. ``I1``.

    :raises ValueError: when the name is taken by another check.
    """

    def register(check: Check) -> Check:
        if name in _registered and _registered[name].check is not check:
            raise ValueError(f"Invariant {name} is registered twice")
        _registered[name] = Invariant(name, title, check)
        return check

    return register


def recent(name: str) -> Callable[[CheckRecent], CheckRecent]:
    """Register the check of what has changed for a rule that is registered already.

    :raises KeyError: when it is not.
    """

    def register(check: CheckRecent) -> CheckRecent:
        _registered[name] = replace(_registered[name], recent=check)
        return check

    return register


def registered() -> list[Invariant]:
    """All rules in natural order: I2 before I10."""
    return sorted(_registered.values(), key=lambda rule: (len(rule.name), rule.name))
