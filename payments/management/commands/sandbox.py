"""Run the sandbox acquirer: a test bank on loopback for development, tests and the demo merchant."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payments.sandbox.journal import JournalDamaged, JournalInUse
from payments.sandbox.server import NotLoopback, Server, require_loopback, run
from rupai.core import clock


class Command(BaseCommand):
    help = "Run the sandbox acquirer, a test bank that moves no money, on a loopback port."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
        parser.add_argument("--port", type=int, required=True, help="0 takes a free port and prints it")
        parser.add_argument("--state", type=Path, required=True, metavar="DIR", help="where the journal is kept")
        parser.add_argument(
            "--hold-seconds", type=float, metavar="S", help="how long time-out tokens hold the line (default 30)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # A test bank has no place beside live payments unless someone asks for it: production says no by default.
        if not getattr(settings, "SANDBOX_ALLOWED", True):
            raise CommandError("The sandbox does not run under these settings; set RUPAI_SANDBOX=1 to allow it.")
        hold = options["hold_seconds"]
        try:
            require_loopback(options["host"])
            server = Server(state=options["state"], now=clock.now, hold_ms=None if hold is None else round(hold * 1000))
            run(server, host=options["host"], port=options["port"], ready=self._announce)
        except (NotLoopback, JournalInUse, JournalDamaged, OSError) as error:
            raise CommandError(str(error)) from error

    def _announce(self, url: str) -> None:
        self.stdout.write(f"sandbox acquirer listening on {url}")
        self.stdout.flush()
