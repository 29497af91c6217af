"""``manage.py replay_dead_letters``: send given-up tasks again after their cause was removed."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rupai.core.models import DeadLetter
from rupai.core.replay import replay


class Command(BaseCommand):
    """Send dead letters again that were not sent again yet."""

    help = "Send given-up tasks again: all that wait, those of one task, or one letter by its id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", help="only letters of this task, e.g. core.run_handler")
        parser.add_argument("--id", type=int, help="only this letter, even if it was sent again before")
        parser.add_argument("--limit", type=int, default=1000, help="at most so many, oldest first")

    def handle(self, *args: object, task: str | None, id: int | None, limit: int, **options: Any) -> None:
        letters = DeadLetter.objects.order_by("created_at")
        letters = letters.filter(replayed_at=None, discarded_at=None) if id is None else letters.filter(pk=id)
        if id is not None and not letters.exists():
            raise CommandError(f"There is no dead letter {id}")
        if task:
            letters = letters.filter(task=task)
        count = replay(letters[:limit])
        self.stdout.write(f"{count} sent again")
