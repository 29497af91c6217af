"""``manage.py seed_demo``: a believable past of several demo merchants in test mode."""

import os
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payments.demo import loading, making, opening
from payments.selectors import demo_progress
from rupai.core.errors import DomainError

BAR = 28
FEWEST_PAYMENTS, FEWEST_DAYS, MOST_DAYS = 100, 7, 366
# Behind everything else that the machine has to do.
NICENESS = 10


class Command(BaseCommand):
    help = "Make the demo merchants and their past through the services; an interrupted run goes on where it stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--payments", type=int, default=20_000, help="of all merchants together (default 20000)")
        parser.add_argument("--days", type=int, default=90, help="how far the past goes back (default 90)")
        parser.add_argument("--seed", type=int, default=7, help="the same seed makes the same world (default 7)")
        parser.add_argument("--processes", type=int, default=0, help="by default one a processor")
        parser.add_argument("--background", action="store_true", help="at low priority, beside a running platform")

    def handle(self, *args: Any, payments: int, days: int, seed: int, processes: int, **options: Any) -> None:
        if payments < FEWEST_PAYMENTS or not FEWEST_DAYS <= days <= MOST_DAYS:
            raise CommandError(
                f"A demo world has at least {FEWEST_PAYMENTS} payments over {FEWEST_DAYS} to {MOST_DAYS} days."
            )
        processors = os.cpu_count() or 1
        if options["background"]:
            os.nice(NICENESS)
            processors -= 1
        self._began, self._told = time.monotonic(), -1
        try:
            if demo_progress() is None:
                loading.check(settings.SANDBOX_URL)
            worlds = opening.open_worlds(payments=payments, days=days, seed=seed)
            self._before = sum(world.made for world in worlds)
            if all(world.finished_at for world in worlds):
                self.stdout.write(f"The demo world is there: {self._before} payments of {len(worlds)} merchants.")
                return
            making.make(worlds, processes=max(1, processes or processors), tick=self._tick)
        except DomainError as refusal:
            raise CommandError(f"{refusal.message}. {refusal.hint}") from refusal
        self._tick()
        total = sum(world.payments for world in worlds)
        seconds = time.monotonic() - self._began
        self.stdout.write(f"\nMade {total - self._before} payments of {len(worlds)} merchants in {seconds:.0f} s.")

    def _tick(self) -> None:
        """Show how far it is: one line that is overwritten on a terminal, a line every tenth otherwise."""
        progress = demo_progress()
        if progress is None:
            return
        tenth = progress.done * 10 // progress.total
        terminal = self.stdout.isatty()
        if not terminal and tenth == self._told:
            return
        self._told = tenth
        filled = BAR * progress.done // progress.total
        line = f"[{'#' * filled}{'.' * (BAR - filled)}] {progress.done} of {progress.total}{self._left(progress)}"
        self.stdout.write(f"\r\033[K{line}" if terminal else line, ending="" if terminal else "\n")
        self.stdout.flush()

    def _left(self, progress: Any) -> str:
        here = progress.done - self._before
        if here <= 0 or progress.done == progress.total:
            return ""
        seconds = (time.monotonic() - self._began) / here * (progress.total - progress.done)
        return f", about {seconds:.0f} s left"
