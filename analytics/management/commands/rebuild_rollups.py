"""``manage.py rebuild_rollups``: make all sums anew from the event log."""

from typing import Any

from django.core.management.base import BaseCommand

from analytics.services import rollups


class Command(BaseCommand):
    """Empty the sums and read the whole log; screens show partial figures, marked as such, until it ends."""

    help = "Make the minute, hour and day sums anew from the event log."

    def handle(self, *args: object, **options: Any) -> None:
        count = rollups.rebuild(progress=self._tell)
        self.stdout.write(f"{count} events read, sums are up to date")

    def _tell(self, done: int, total: int) -> None:
        self.stdout.write(f"{done:>10} of {total} events ({done * 100 // max(1, total)} %)")
