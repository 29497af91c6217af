"""The embedded PostgreSQL: made once, reachable by one private socket, recovered after any kind of end."""

import locale
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from rupai.core.runtime import processes
from rupai.core.runtime.accounts import Account
from rupai.core.runtime.binaries import Postgres, find_postgres, reachable
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.parts import Part
from rupai.core.runtime.places import socket_dir

ROLE = DATABASE = "rupai"
SUPERUSER = "postgres"
PORT = 5432
# Crash recovery replays at most max_wal_size, on a slow disk at that.
READY_WITHIN = 300.0
# How an earlier run's remains are asked to end: until which second by which signal.
GIVE_UP_AFTER = 15.0
ENDING = ((8.0, signal.SIGINT), (12.0, signal.SIGQUIT), (GIVE_UP_AFTER, signal.SIGKILL))
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": str(PORT),
    "max_connections": "200",
    "shared_buffers": "256MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Statements and key values may hold personal data, which a log must not keep.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "logging_collector": "off",
}
if sys.platform == "linux":
    # One call instead of one per file before crash recovery.
    SETTINGS["recovery_init_sync_method"] = "syncfs"
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off", "autovacuum_naptime": "10min"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One PostgreSQL cluster: ``home`` holds its data and, if short enough, its socket."""

    home: Path
    socket: Path
    account: Account | None
    binaries: Postgres
    durable: bool = True

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        """The ``DATABASE_URL`` of the platform's own role, which is no superuser."""
        return self._url(ROLE, DATABASE)

    @property
    def superuser_url(self) -> str:
        """For what the platform's own role may not: rights of roles, extensions."""
        return self._url(SUPERUSER, "postgres")

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket), safe='')}&port={PORT}"

    def parts(self) -> list[Part]:
        """List what must run: making the cluster, the first time, and the server."""
        made = (self.data / "PG_VERSION").exists()
        return [self._server()] if made else [self._maker(), self._server()]

    def tidy(self) -> None:
        """Remove the socket's directory where it lies outside of ``home``; the server has ended."""
        if not self.socket.is_relative_to(self.home):
            with suppress(OSError):
                self.socket.rmdir()

    def _maker(self) -> Part:
        draft = self.home / "data.new"
        command = [
            str(self.binaries.bin / "initdb"),
            "-D",
            str(draft),
            "-U",
            SUPERUSER,
            "-E",
            "UTF8",
            "--data-checksums",
        ]
        command += ["--auth-local=trust", "--auth-host=reject", "--locale=C"]
        # Byte order, as in the C locale, but the letters of every alphabet, without which pg_trgm drops them.
        command += ["--lc-ctype=C.UTF-8"] if _knows_every_alphabet() else []
        command += [] if self.durable else ["--no-sync"]
        return Part(
            name="initdb",
            command=tuple(command),
            environment=_environment(),
            cwd=self.home,
            task=True,
            account=self.account,
            # A start that was killed half-way leaves a draft, never a broken cluster.
            prepare=partial(shutil.rmtree, draft, ignore_errors=True),
            finish=partial(os.replace, draft, self.data),
        )

    def _server(self) -> Part:
        settings = SETTINGS | {"unix_socket_directories": str(self.socket)}
        if self.binaries.has_statement_statistics:
            settings["shared_preload_libraries"] = "pg_stat_statements"
        if not self.durable:
            settings |= UNSAFE_AND_FAST
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return Part(
            name="postgres",
            command=(str(self.binaries.bin / "postgres"), "-D", str(self.data), *options),
            environment=_environment(),
            cwd=self.home,
            after=() if (self.data / "PG_VERSION").exists() else ("initdb",),
            account=self.account,
            prepare=self._clear_the_way,
            ready=self._answers,
            ready_within=READY_WITHIN,
            # Fast shutdown: sessions are cut, what is committed is checkpointed.
            stop_signal=signal.SIGINT,
            stop_within=60.0,
            death_signal=signal.SIGINT,
        )

    def _clear_the_way(self) -> None:
        """End what an earlier, killed run left in the data; the caller holds the lock, so nobody else uses them.

        :raises StartError: when something does not end.
        """
        began = time.monotonic()
        while left := processes.inside(self.data):
            waited = time.monotonic() - began
            if waited > GIVE_UP_AFTER:
                raise StartError(f"Processes of an earlier run do not end: {', '.join(map(str, left))}")
            for pid in left:
                processes.kill(pid, next(number for seconds, number in ENDING if waited <= seconds))
            processes.reap_orphans([])
            time.sleep(0.1)
        # The number in it may belong to a stranger by now, for which PostgreSQL would refuse to start. Without /proc we
        # cannot know that nobody is left, so there the file stays.
        if Path("/proc/self").exists():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.superuser_url, connect_timeout=2, autocommit=True) as connection:
                self._furnish(connection)
        except psycopg.OperationalError:
            return False
        return True

    def _furnish(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Make the role and the database unless they are there already."""
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(role))
            connection.execute(sql.SQL("GRANT pg_monitor TO {}").format(role))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        if self.binaries.has_statement_statistics:
            with psycopg.connect(self._url(SUPERUSER, DATABASE), connect_timeout=2, autocommit=True) as own:
                own.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")


def cluster_in(home: Path, account: Account | None, *, durable: bool = True) -> Cluster:
    """Describe the cluster of a directory, with programs that its account can run and that read its data.

    ``durable=False`` leaves out every write to disk that a crash of the machine would need; tests want that.

    :raises StartError: when no fitting PostgreSQL is found.
    """
    version = home / "data" / "PG_VERSION"
    try:
        major = int(version.read_text()) if version.exists() else None
    except (OSError, ValueError) as problem:
        raise StartError(f"{version} cannot be read: {problem}") from problem
    binaries = reachable(find_postgres(major=major), account)
    return Cluster(home=home, socket=socket_dir(home, account), account=account, binaries=binaries, durable=durable)


def _knows_every_alphabet() -> bool:
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return False
    locale.setlocale(locale.LC_CTYPE, before)
    return True


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
