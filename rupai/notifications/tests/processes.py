"""A piece of work in a process of its own, which may be killed at a named point."""

import os
import subprocess
import sys

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo


def run(program: str, *, crash_at: str = "") -> int:
    """Run Python on the test's database, with Django set up; the exit code is negative after a signal."""
    found = connection.settings_dict
    parts = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    url = make_conninfo("", **{name: str(found[key]) for name, key in parts.items() if found[key]})
    environment = {**os.environ, "DATABASE_URL": url, "RUPAI_CRASH_AT": crash_at}
    command = [sys.executable, "-c", f"import django; django.setup()\n{program}"]
    return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, timeout=60).returncode
