"""``manage.py up``: PostgreSQL, Valkey, web, worker and beat by one command."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from rupai.core.runtime.launch import add_arguments, up
from rupai.core.runtime.site import Options


class Command(BaseCommand):
    """Run the whole platform until Ctrl-C."""

    help = "Run the whole platform, with its own PostgreSQL and Valkey where none are given, until Ctrl-C."
    requires_system_checks = []  # noqa: RUF012 - as Django spells it

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: object, port: int, data_dir: Path, demo: bool, **options: Any) -> None:
        settings = os.environ["DJANGO_SETTINGS_MODULE"]
        sys.exit(up(Options(port=port, data_dir=data_dir, demo=demo, settings=settings)))
