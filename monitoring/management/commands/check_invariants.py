"""``manage.py check_invariants``: prove that the database keeps its rules."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from monitoring.models import InvariantResult
from monitoring.services.invariants import Outcome, check_invariants

State = InvariantResult.State
WORDS = {State.HOLDS: "holds", State.BROKEN: "BROKEN", State.FAILED: "NOT CHECKED"}


class Command(BaseCommand):
    """Run all registered rules and end with code 1 when one does not hold."""

    help = "Check every rule that must hold in the database; exit code 1 when one is broken or cannot be checked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--lines", type=int, default=5, help="how many violations of a broken rule are shown")

    def handle(self, *args: object, lines: int, **options: Any) -> None:
        outcomes = []
        for outcome in check_invariants():
            self._tell(outcome, lines)
            outcomes.append(outcome)
        bad = [outcome.rule.name for outcome in outcomes if outcome.state != State.HOLDS]
        summary = f"{len(outcomes)} rules, {len(outcomes) - len(bad)} hold"
        self.stdout.write(f"{summary}; not: {', '.join(bad)}" if bad else f"{summary}")
        if bad:
            sys.exit(1)

    def _tell(self, outcome: Outcome, lines: int) -> None:
        rule = outcome.rule
        self.stdout.write(
            f"{rule.name:<5} {WORDS[outcome.state]:<11} {outcome.count:>7} violations {outcome.milliseconds:>8} ms"
            f"  {rule.title}"
        )
        for line in outcome.lines[:lines]:
            self.stdout.write(f"        {line}")
        if len(outcome.lines) > lines:
            self.stdout.write(f"        and {len(outcome.lines) - lines} more")
