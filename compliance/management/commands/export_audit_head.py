"""Write a signed copy of the heads of all audit chains."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from compliance.audit import heads
from rupai.core import clock


class Command(BaseCommand):
    help = "Export the heads of all audit chains, signed; keep the file where the database's owner cannot change it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, help="file to write (default: standard output)")

    def handle(self, *args: Any, out: Path | None = None, **options: Any) -> None:
        document = heads.export(at=clock.now())
        text = json.dumps(document, indent=2) + "\n"
        if out is None:
            self.stdout.write(text, ending="")
            return
        out.write_text(text)
        self.stdout.write(f"{len(document['heads'])} heads written to {out}")
