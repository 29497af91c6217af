"""``manage.py vendor_check``: are the libraries of others in this project what the list says?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rupai.pages import vendored


class Command(BaseCommand):
    help = "Compare the vendored libraries with the digests in vendor.json; fails naming each file that differs."

    def handle(self, *args: Any, **options: Any) -> None:
        found = vendored.differences()
        if found:
            raise CommandError("\n".join(found))
        self.stdout.write(f"{len(vendored.listed())} vendored files are as listed.")
