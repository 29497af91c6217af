"""What ``up`` runs, as data."""

import math
import sys
from functools import partial

from rupai.core.queue_names import QUEUES
from rupai.core.runtime.checks import accepts, answer_of
from rupai.core.runtime.parts import Part
from rupai.core.runtime.places import LOOPBACK
from rupai.core.runtime.site import PROJECT, Site


def parts_of(site: Site) -> list[Part]:
    """List every part in the order of starting."""
    services = tuple(part.name for part in site.services)
    database = tuple(name for name in services if name == "postgres")
    migrated = ("migrate", *(name for name in services if name == "valkey"))
    sandbox = () if site.sandbox_port is None else ("sandbox",)
    part = partial(Part, environment=site.environment, cwd=PROJECT)
    # Django's checks read every address and serializer; they belong to the build, not to each start.
    migrate = _manage("migrate --noinput --skip-checks")
    bootstrap = _manage("bootstrap --skip-checks --credentials", str(site.data_dir / "credentials.json"))
    web = _python(f"-m daphne -v 0 --no-server-name -b {LOOPBACK} -p {site.port} rupai.asgi:application")
    worker = f"worker -Q {','.join(QUEUES)} --concurrency 4 --without-gossip --without-mingle -n up@%h"
    # Without a pid file: after a kill -9 a stale one would be in the way.
    beat = "beat -S django --pidfile="
    demo = partial(part, name="demo", command=_manage("seed_demo --background"), task=True, aside=True)
    return [
        *site.services,
        part(name="migrate", command=migrate, after=database, task=True),
        *(_sandbox(site, port) for port in [site.sandbox_port] if port is not None),
        part(name="bootstrap", command=bootstrap, after=(*migrated, *sandbox), task=True),
        part(name="web", command=web, after=migrated, ready=partial(_is_healthy, site.port)),
        part(name="worker", command=_python(f"-m celery -A rupai {worker}"), after=migrated),
        part(name="beat", command=_python(f"-m celery -A rupai {beat}"), after=migrated),
        *([demo(after=("bootstrap", "web", *sandbox), ready_within=math.inf)] if site.demo else ()),
    ]


def _sandbox(site: Site, port: int) -> Part:
    command = _manage(f"sandbox --port {port} --state", str(site.data_dir / "sandbox"))
    return Part(
        name="sandbox", command=command, environment=site.environment, cwd=PROJECT, ready=partial(accepts, port)
    )


def _python(words: str, *paths: str) -> tuple[str, ...]:
    return (sys.executable, *words.split(), *paths)


def _manage(words: str, *paths: str) -> tuple[str, ...]:
    return (sys.executable, str(PROJECT / "manage.py"), *words.split(), *paths)


def _is_healthy(port: int) -> bool:
    return answer_of(port, "/health")[0] == 200
