#!/usr/bin/env python
"""Django's command line, with short names for the settings modules."""

import os
import sys

# These work on whole tables: a time limit made for requests would only stop them half-way.
UNLIMITED = {"migrate", "check_invariants", "verify_audit_chain", "rotate_encryption", "loaddata", "dumpdata"}
SHORT_NAMES = {
    name: f"rupai.settings.{module}"
    for name, module in [("dev", "dev"), ("test", "test"), ("production", "prod"), ("prod", "prod")]
}


def main() -> None:
    """Run a management command; ``--settings production`` means ``rupai.settings.prod``."""
    arguments = list(sys.argv)
    for index, argument in enumerate(arguments):
        if argument == "--settings" and index + 1 < len(arguments):
            arguments[index + 1] = SHORT_NAMES.get(arguments[index + 1], arguments[index + 1])
        elif argument.startswith("--settings="):
            name = argument.partition("=")[2]
            arguments[index] = f"--settings={SHORT_NAMES.get(name, name)}"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rupai.settings.dev")
    if UNLIMITED.intersection(arguments[1:2]):
        os.environ.setdefault("RUPAI_STATEMENT_TIMEOUT", "0")
    if arguments[1:2] == ["up"]:
        # It makes the secrets and the database that the settings ask for, so it runs before they are read.
        from rupai.core.runtime.launch import main as up

        sys.exit(up(arguments[2:]))
    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


if __name__ == "__main__":
    main()
