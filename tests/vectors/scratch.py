"""A place to replay in: a schema, dropped afterwards, in the environment's database or, without one, in an own one."""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def scratch_ledger() -> Iterator[None]:
    """Set Django up on an empty ledger of the project's own migrations."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "rupai.settings.test"
    with ExitStack() as stack:
        if not os.environ.get("DATABASE_URL"):
            os.environ["DATABASE_URL"] = stack.enter_context(_own_postgres())
        import django

        django.setup()
        stack.enter_context(_scratch_schema("wallets"))
        yield


@contextmanager
def _own_postgres() -> Iterator[str]:
    from rupai.core.runtime import places
    from rupai.core.runtime.bell import Bell
    from rupai.core.runtime.postgres import cluster_in
    from rupai.core.runtime.progress import Progress
    from rupai.core.runtime.supervisor import Supervisor

    home = Path(tempfile.mkdtemp(prefix="rupai-vectors-"))
    # The account that runs PostgreSQL for root passes through.
    home.chmod(0o711)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        places.open_data_dir(home)
        cluster = cluster_in(*places.database_home(home), durable=False)
        stack.callback(cluster.tidy)
        bell = Bell()
        stack.callback(bell.close)
        supervisor = Supervisor(cluster.parts(), logs=home / "logs", progress=Progress(io.StringIO()), bell=bell)
        stack.callback(supervisor.stop)
        supervisor.start()
        yield cluster.url


@contextmanager
def _scratch_schema(app: str) -> Iterator[None]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    name = f"vectors_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {name}")
        try:
            # Migrations, tables and functions all go where the path points; whatever else is in the database is safe.
            cursor.execute(f"SET search_path TO {name}")
            executor = MigrationExecutor(connection)
            executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] == app])
            yield
        finally:
            cursor.execute("SET search_path TO DEFAULT")
            cursor.execute(f"DROP SCHEMA {name} CASCADE")
            connection.close()
