"""``manage.py demo_credentials``: a further merchant in test mode with an admin of its own."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rupai.approvals.services import demo
from rupai.core.errors import DomainError


class Command(BaseCommand):
    help = "Open a merchant in test mode, with an admin who sees only this merchant, and write the credentials."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--merchant", required=True, metavar="NAME", help="the merchant's name")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="JSON file to write")

    def handle(self, *args: Any, merchant: str, out: Path, **options: Any) -> None:
        if not merchant.strip() or len(merchant) > 120:
            raise CommandError("A merchant's name has 1 to 120 characters")
        if not out.parent.is_dir():
            raise CommandError(f"There is no folder {out.parent}")
        try:
            access = demo.open_merchant(name=merchant.strip())
            demo.write_private(out, access)
        except (DomainError, OSError) as problem:
            raise CommandError(f"No credentials were written: {problem}") from problem
        if access.renewed:
            self.stdout.write(f"{access.merchant} exists already: made a new admin password and a further API key.")
        self.stdout.write(f"Credentials: {out}")
