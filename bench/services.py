"""PostgreSQL and Valkey for a benchmark: those of the environment, or own ones that end with the run."""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rupai.core.runtime import places
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.parts import Part
from rupai.core.runtime.postgres import cluster_in
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.supervisor import Supervisor
from rupai.core.runtime.valkey import Valkey


@contextmanager
def services() -> Iterator[Path]:
    """Set ``DATABASE_URL`` and ``REDIS_URL`` where they are missing; commits are durable as in production."""
    folder = Path(tempfile.mkdtemp(prefix="rupai-bench-"))
    folder.chmod(0o711)
    os.environ["RUPAI_DATA_DIR"] = str(folder)
    parts: list[Part] = []
    places.open_data_dir(folder)
    cluster = None
    if not os.environ.get("DATABASE_URL"):
        cluster = cluster_in(*places.database_home(folder), durable=True)
        parts += cluster.parts()
        os.environ["DATABASE_URL"] = cluster.url
    if not os.environ.get("REDIS_URL"):
        valkey = Valkey(home=folder, port=places.remembered_port(folder, "valkey"))
        parts.append(valkey.part())
        os.environ["REDIS_URL"] = valkey.url
    bell = Bell()
    supervisor = Supervisor(parts, logs=folder / "logs", progress=Progress(io.StringIO()), bell=bell)
    try:
        supervisor.start()
        yield folder
    finally:
        supervisor.stop()
        bell.close()
        if cluster is not None:
            cluster.tidy()
        shutil.rmtree(folder, ignore_errors=True)
