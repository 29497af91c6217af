"""``manage.py bootstrap``: the demo merchant and its credentials, on the first start."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rupai.approvals.services import demo
from rupai.core.errors import DomainError


class Command(BaseCommand):
    help = "Open the demo merchant in test mode and write its credentials; an existing file is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--credentials", type=Path, required=True, metavar="FILE", help="JSON file to write")

    def handle(self, *args: Any, credentials: Path, **options: Any) -> None:
        opened = demo.merchant_named(demo.DEMO_MERCHANT) is not None
        if opened and credentials.exists():
            self.stdout.write(f"Credentials: {credentials}")
            return
        if not credentials.parent.is_dir():
            raise CommandError(f"There is no folder {credentials.parent}")
        if credentials.exists():
            old = credentials.with_name(f"{credentials.name}.old")
            credentials.replace(old)
            self.stdout.write(f"This database has no demo merchant yet; credentials of another one are now in {old}")
        try:
            access = demo.open_platform()
            demo.write_private(credentials, access)
        except (DomainError, OSError) as problem:
            raise CommandError(f"No credentials were written: {problem}") from problem
        if access.renewed:
            self.stdout.write("The credentials file was missing: made a new admin password and a further API key.")
            self.stdout.write("The old password does not work any more; old keys work until they are revoked.")
        self.stdout.write(f"Credentials: {credentials}")
