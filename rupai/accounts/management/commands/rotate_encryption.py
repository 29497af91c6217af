"""``manage.py rotate_encryption``: moves everything sealed under the newest key of ``ENCRYPTION_KEY``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rupai.accounts.services import reseal


class Command(BaseCommand):
    help = (
        "Re-seal all sealed columns and customers' e-mail indexes under the newest key. It may be stopped and started "
        "again at any time; afterwards the older keys can be taken out of ENCRYPTION_KEY."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken: list[str] = []
        for model, field in reseal.sealed_columns():
            name = f"{model._meta.label}.{field.name}"
            moved = 0
            for count, stuck in reseal.reseal(model, field):
                moved += count
                broken += [f"{name} of {key}" for key in stuck]
                self.stdout.write(f"{name}: {moved} moved")
            self.stdout.write(f"{name}: done, {moved} moved")
        if broken:
            listed = "\n".join(broken[:50])
            raise CommandError(f"No key of ENCRYPTION_KEY opens {len(broken)} values; they stay as they are:\n{listed}")
        indexed = 0
        for count in reseal.reindex_customers():
            indexed += count
            self.stdout.write(f"E-mail indexes of customers: {indexed} moved")
        self.stdout.write("Everything is under the newest key.")
