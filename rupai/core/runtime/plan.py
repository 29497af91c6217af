"""What ``up`` runs, as data."""

import sys
from functools import partial

from rupai.core.queue_names import QUEUES
from rupai.core.runtime.checks import accepts, answer_of
from rupai.core.runtime.parts import Part
from rupai.core.runtime.places import LOOPBACK
from rupai.core.runtime.site import PROJECT, Site

PYTHON = sys.executable


def parts_of(site: Site) -> list[Part]:
    """List every part in the order of starting."""
    services = tuple(part.name for part in site.services)
    database = tuple(name for name in services if name == "postgres")
    part = partial(Part, environment=site.environment, cwd=PROJECT)
    sandbox = [] if site.sandbox_port is None else [_sandbox(site, site.sandbox_port)]
    bootstrap = ("bootstrap", "--credentials", str(site.data_dir / "credentials.json"))
    served = ("migrate", *(name for name in services if name == "valkey"))
    web = (
        "-m",
        "daphne",
        "-v",
        "0",
        "--no-server-name",
        "-b",
        LOOPBACK,
        "-p",
        str(site.port),
        "rupai.asgi:application",
    )
    celery = ("-m", "celery", "-A", "rupai")
    worker = (
        "worker",
        "-Q",
        ",".join(QUEUES),
        "--concurrency",
        "2",
        "--without-gossip",
        "--without-mingle",
        "-n",
        "up@%h",
    )
    return [
        *site.services,
        part(name="migrate", command=_manage("migrate", "--noinput"), after=database, task=True),
        *sandbox,
        part(
            name="bootstrap",
            command=_manage(*bootstrap),
            after=("migrate", *(one.name for one in sandbox)),
            task=True,
        ),
        part(name="web", command=(PYTHON, *web), after=served, ready=partial(_is_healthy, site.port)),
        part(name="worker", command=(PYTHON, *celery, *worker), after=served),
        # Without a pid file: after a kill -9 a stale one would be in the way.
        part(name="beat", command=(PYTHON, *celery, "beat", "-S", "django", "--pidfile="), after=served),
    ]


def _sandbox(site: Site, port: int) -> Part:
    return Part(
        name="sandbox",
        command=_manage("sandbox", "--port", str(port), "--state", str(site.data_dir / "sandbox")),
        environment=site.environment,
        cwd=PROJECT,
        ready=partial(accepts, port),
    )


def _manage(*words: str) -> tuple[str, ...]:
    return (PYTHON, str(PROJECT / "manage.py"), *words)


def _is_healthy(port: int) -> bool:
    return answer_of(port, "/health")[0] == 200
