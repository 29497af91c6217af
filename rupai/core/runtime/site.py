"""One installation: its embedded services, its secrets, and the environment that all its processes share."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rupai.core.runtime import places
from rupai.core.runtime.keys import MAKERS, own_secrets
from rupai.core.runtime.parts import Part
from rupai.core.runtime.postgres import Cluster, cluster_in
from rupai.core.runtime.valkey import Valkey

PROJECT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    port: int
    data_dir: Path
    demo: bool
    settings: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where the platform runs.

    ``shared`` are the variables that all processes need, also a command beside the running platform; ``services`` are
    the embedded parts.
    """

    data_dir: Path
    port: int
    sandbox_port: int | None
    settings: str
    demo: bool
    shared: Mapping[str, str]
    services: tuple[Part, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The complete environment of every part."""
        own = {"DJANGO_SETTINGS_MODULE": self.settings, "RUPAI_DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **self.shared, **own, "RUPAI_DEMO": "1" if self.demo else "0"}


def open_site(options: Options, data_dir: Path, undo: ExitStack) -> Site:
    """Choose between given and embedded services, and find or make everything they need.

    :raises StartError: when something is missing.
    """
    given = {name: value for name, value in os.environ.items() if value}
    has_data = "DATABASE_URL" not in given and (data_dir / "postgres" / "data").exists()
    shared = {
        "RUPAI_PORT": str(options.port),
        "RUPAI_BASE_URL": given.get("RUPAI_BASE_URL", f"http://{places.LOOPBACK}:{options.port}"),
        **{name: given[name] for name in (*MAKERS, "DATABASE_URL", "REDIS_URL", "RUPAI_SANDBOX_URL") if name in given},
        **own_secrets(data_dir, given, has_data=has_data),
    }
    services: list[Part] = []
    if "DATABASE_URL" not in given:
        cluster = _own_cluster(data_dir, undo)
        services += cluster.parts()
        shared["DATABASE_URL"] = cluster.url
    if "REDIS_URL" not in given:
        (data_dir / "valkey").mkdir(exist_ok=True)
        valkey = Valkey(home=data_dir / "valkey", port=places.remembered_port(data_dir, "valkey"))
        services.append(valkey.part())
        shared["REDIS_URL"] = valkey.url
    shared["CELERY_BROKER_URL"] = given.get("CELERY_BROKER_URL", shared["REDIS_URL"])
    sandbox_port = None
    if "RUPAI_SANDBOX_URL" not in given:
        sandbox_port = places.remembered_port(data_dir, "sandbox")
        shared |= {"RUPAI_SANDBOX_URL": f"http://{places.LOOPBACK}:{sandbox_port}", "RUPAI_SANDBOX": "1"}
    return Site(
        data_dir=data_dir,
        port=options.port,
        sandbox_port=sandbox_port,
        settings=options.settings,
        demo=options.demo,
        shared=shared,
        services=tuple(services),
    )


def _own_cluster(data_dir: Path, undo: ExitStack) -> Cluster:
    home, account = places.database_home(data_dir)
    # The home may lie elsewhere, where a copy of this data directory would find it too.
    undo.enter_context(places.held(home / "up.lock", told=f"process {os.getpid()}"))
    cluster = cluster_in(home, account)
    undo.callback(cluster.tidy)
    return cluster


@contextmanager
def published(site: Site) -> Iterator[None]:
    """While the platform runs, let other commands find it by a private file.

    Variables that were given from outside are in it as well: the next shell may not have them.
    """
    path = site.data_dir / "environment.json"
    places.write_json(path, site.shared)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
