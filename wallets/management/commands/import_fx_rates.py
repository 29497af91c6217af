"""``manage.py import_fx_rates FILE``: the European Central Bank's reference rates become the platform's rates."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rupai.core import clock
from rupai.core.actor import Actor
from rupai.core.errors import DomainError
from wallets.providers import fx_ecb
from wallets.services.fx_rates import import_rates


class Command(BaseCommand):
    """Import a file that was fetched before; nothing is asked of the network."""

    help = "Import a eurofxref XML file (daily, 90 days or all) as the platform's exchange rates, whole or not at all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="eurofxref-daily.xml, eurofxref-hist-90d.xml or eurofxref-hist.xml")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        try:
            sheet = fx_ecb.read(content, today=clock.now().date())
            new = import_rates(actor=Actor.platform("import_fx_rates"), sheet=sheet)
        except DomainError as refusal:
            raise CommandError(f"{refusal.message}. {refusal.hint}") from refusal
        self.stdout.write(f"{new} new rates of {len(sheet.prices)} in {file.name}")
        if sheet.left_out:
            self.stdout.write(f"Left out, because nothing can be paid in them: {', '.join(sheet.left_out)}")
