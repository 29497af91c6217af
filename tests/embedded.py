"""pytest plugin: an own PostgreSQL and Valkey for a test run whose environment names none.

Loaded by ``-p tests.embedded``. They start before Django's settings are read, and end with the run, even a killed one.
"""

import io
import os
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest

# Removes what it is given once the run is over: its input ends when we close it, or when we die in any way.
SWEEPER = """
cat > /dev/null
for tenth in $(seq 100); do
    [ -e "$1/postgres/data/postmaster.pid" ] || break
    sleep 0.1
done
rm -rf -- "$(realpath "$1/postgres")" "$@"
"""
SWEPT_WITHIN = 30.0


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start what is missing; the workers of a parallel run inherit it by their environment."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        data_dir = _temporary_data_dir(early_config)
        if _needs_services(early_config):
            _start_services(early_config, data_dir)
    return (yield)


def _needs_services(config: pytest.Config) -> bool:
    options = config.known_args_namespace
    idle = any(getattr(options, name, False) for name in ("help", "version", "collectonly", "markers", "showfixtures"))
    return not idle and not options.markexpr.startswith("unit")


def _temporary_data_dir(config: pytest.Config) -> Path:
    data_dir = Path(tempfile.mkdtemp(prefix="rupai-tests-"))
    # The account that runs PostgreSQL for root passes through.
    data_dir.chmod(0o711)
    command = ["/bin/sh", "-c", SWEEPER, "sh", str(data_dir)]
    sweeper = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)

    def sweep() -> None:
        sweeper.communicate(timeout=SWEPT_WITHIN)

    config.add_cleanup(sweep)
    # Settings fall back to the data directory: never to that of a platform which happens to run here.
    os.environ["RUPAI_DATA_DIR"] = str(data_dir)
    return data_dir


def _start_services(config: pytest.Config, data_dir: Path) -> None:
    chosen_settings = os.environ.get("DJANGO_SETTINGS_MODULE")
    from rupai.core.runtime import places
    from rupai.core.runtime.bell import Bell
    from rupai.core.runtime.errors import StartError
    from rupai.core.runtime.parts import Part
    from rupai.core.runtime.postgres import ROLE, cluster_in
    from rupai.core.runtime.progress import Progress
    from rupai.core.runtime.supervisor import Supervisor
    from rupai.core.runtime.valkey import Valkey

    if chosen_settings is None:
        # Importing the project's package names the development settings, but the choice is pytest-django's.
        os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    parts: list[Part] = []
    cluster = None
    places.open_data_dir(data_dir)
    if not os.environ.get("DATABASE_URL"):
        cluster = cluster_in(*places.database_home(data_dir), durable=False)
        config.add_cleanup(cluster.tidy)
        parts += cluster.parts()
        os.environ["DATABASE_URL"] = cluster.url
    if not os.environ.get("REDIS_URL"):
        valkey = Valkey(home=data_dir, port=places.remembered_port(data_dir, "valkey"))
        parts.append(valkey.part())
        os.environ["REDIS_URL"] = valkey.url
    bell = Bell()
    config.add_cleanup(bell.close)
    supervisor = Supervisor(parts, logs=data_dir / "logs", progress=Progress(io.StringIO()), bell=bell)
    config.add_cleanup(supervisor.stop)
    try:
        supervisor.start()
    except StartError as problem:
        raise pytest.UsageError(str(problem)) from None
    if cluster is not None:
        # Tables are emptied without asking triggers and foreign keys, row by row: tests/resetting.py.
        with psycopg.connect(cluster.superuser_url, autocommit=True) as connection:
            connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}")
