"""``manage.py up`` as a person meets it: one command, any user, and nothing left afterwards."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from rupai.core.runtime.accounts import can_reach, database_account
from rupai.core.runtime.places import LOOPBACK
from tests.starting import IS_ROOT, PROJECT, READY_WITHIN, Place, free_port, new_place

pytestmark = pytest.mark.slow

NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "artifacts")
NOT_IN_PYTHON = shutil.ignore_patterns("test", "site-packages", "idlelib", "config-*")


@pytest.fixture
def place() -> Iterator[Place]:
    with new_place() as place:
        yield place


@pytest.fixture
def port() -> int:
    return free_port()


def _until_ready(stream: IO[str] | None) -> str:
    assert stream is not None
    said = ""
    for line in stream:
        said += line
        if line.startswith("  Stop "):
            return said
    raise AssertionError(f"up ended before it was ready: {said}")


def _end(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert errors == ""
    assert process.returncode == (-number if number is signal.SIGKILL else 0)


def _wait_until_nothing_is_left(place: Place, *, within: float) -> None:
    deadline = time.monotonic() + within
    while place.left():
        assert time.monotonic() < deadline, place.left()
        time.sleep(0.1)


def _get(port: int, path: str) -> int:
    connection = HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def _lives_through(place: Place, port: int, *ends: signal.Signals) -> None:
    """Start, look, end, and again: one database and one set of credentials through it all, nothing left in between."""
    keys = set()
    for end in ends:
        with place.start("--port", str(port)) as process:
            said = _until_ready(process.stdout)
            credentials = json.loads((place.data_dir / "credentials.json").read_text())
            for name in ("console_url", "admin_user", "admin_password", "api_url", "api_key", "mcp_url", "agent_key"):
                assert credentials[name] in said
            keys.add(credentials["api_key"])
            assert _get(port, "/ready") == 200
            for name in ("credentials.json", "secrets.json", "environment.json"):
                assert (place.data_dir / name).stat().st_mode & 0o777 == 0o600
            assert re.search(rf"already runs on .*port {port}\)$", _second_start(place, port))
            _end(process, end)
        _wait_until_nothing_is_left(place, within=15 if end is signal.SIGKILL else 0)
        assert (place.data_dir / "environment.json").exists() is (end is signal.SIGKILL)
    assert len(keys) == 1


def _second_start(place: Place, port: int) -> str:
    process = place.start("--port", str(port))
    _, errors = process.communicate(timeout=READY_WITHIN)
    assert process.returncode == 1
    return errors.strip()


def test_it_lives_through_every_end(place: Place, port: int) -> None:
    _lives_through(place, port, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else; the test above ran as an ordinary user")
def test_it_lives_as_an_ordinary_user(place: Place, port: int) -> None:
    account = database_account(Path("/nonexistent"))
    assert account is not None
    place.base.chmod(0o755)
    place.account, place.project = account, place.base / "project"
    shutil.copytree(PROJECT, place.project, ignore=NOT_COPIED)
    _give_python(place)
    os.chown(place.base, account.uid, account.gid)
    _lives_through(place, port, signal.SIGKILL, signal.SIGINT)


def _give_python(place: Place) -> None:
    """Copy the interpreter and its packages where the account can reach them, if it cannot already."""
    packages = Path(sysconfig.get_path("purelib"))
    if not can_reach(packages, place.account):
        packages = shutil.copytree(packages, place.base / "packages", ignore=shutil.ignore_patterns("__pycache__"))
    if not can_reach(Path(sys.executable), place.account):
        origin, copy, version = Path(sys.base_prefix), place.base / "python", f"python{sysconfig.get_python_version()}"
        shutil.copytree(origin / "lib" / version, copy / "lib" / version, ignore=NOT_IN_PYTHON)
        for library in (origin / "lib").glob("libpython*"):
            shutil.copy(library, copy / "lib")
        (copy / "bin").mkdir()
        shutil.copy((origin / "bin" / version).resolve(), copy / "bin" / version)
        place.python = str(copy / "bin" / version)
        place.variables = {"PYTHONHOME": str(copy), "LD_LIBRARY_PATH": str(copy / "lib")}
    place.variables["PYTHONPATH"] = str(packages)


@pytest.mark.skipif(not IS_ROOT, reason="the home directory of root is closed to others")
def test_it_lives_below_the_closed_home_of_root(port: int) -> None:
    with new_place(below=Path.home()) as place:
        place.project = place.base / "project"
        shutil.copytree(PROJECT, place.project, ignore=NOT_COPIED)
        _lives_through(place, port, signal.SIGKILL, signal.SIGINT)
        assert not (place.data_dir / "postgres").resolve().is_relative_to(place.base)


def test_production_settings_run_on_loopback(place: Place, port: int) -> None:
    with place.start("--port", str(port), "--settings", "production") as process:
        _until_ready(process.stdout)
        assert _get(port, "/ready") == 200
        assert _get(port, "/no-such-page") == 404
        audit = place.manage("verify_audit_chain", "--settings", "production")
        assert audit.returncode == 0, audit.stderr
        _end(process, signal.SIGTERM)
    assert place.left() == []


@pytest.fixture
def given_services() -> Iterator[dict[str, str]]:
    """A database of its own on the server of this test run, and that run's Redis."""
    name = f"rupai_up_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield {
            "DATABASE_URL": make_conninfo(os.environ["DATABASE_URL"], dbname=name),
            "REDIS_URL": os.environ["REDIS_URL"],
        }
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_given_services_are_used_instead_of_own_ones(place: Place, port: int, given_services: dict[str, str]) -> None:
    with place.start("--port", str(port), **given_services) as process:
        said = _until_ready(process.stdout)
        assert "postgres" not in said
        assert "valkey" not in said
        assert not (place.data_dir / "postgres").exists()
        _end(process, signal.SIGTERM)
    assert place.left() == []


def test_a_killed_part_comes_back(place: Place, port: int) -> None:
    with place.start("--port", str(port)) as process:
        _until_ready(process.stdout)
        for name in ("daphne", "postgres -D", "valkey-server"):
            victim = _pid_of(process.pid, name)
            os.kill(victim, signal.SIGKILL)
            _wait_until_green_again(port, victim)
        _end(process, signal.SIGTERM)
    assert place.left() == []


def _pid_of(parent: int, words: str) -> int:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if words in line and re.search(rf"^PPid:\t{parent}$", (process / "status").read_text(), re.MULTILINE):
                return int(process.name)
    raise AssertionError(f"{words} does not run")


def _wait_until_green_again(port: int, victim: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError):
            if not Path(f"/proc/{victim}").exists() and _get(port, "/ready") == 200:
                return
        time.sleep(0.2)
    raise AssertionError("not ready again within 30 s")
