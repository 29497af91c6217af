"""``manage.py up`` as a person meets it: one command, any user, and nothing left afterwards."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import IO

import pytest

from rupai.core.runtime import processes
from rupai.core.runtime.accounts import Account, can_reach, database_account
from rupai.core.runtime.places import LOOPBACK

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[1]
READY_WITHIN = 120.0
ROOT = os.geteuid() == 0
NOT_COPIED = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "build", "artifacts")
NOT_IN_PYTHON = shutil.ignore_patterns("test", "site-packages", "idlelib", "config-*")


@dataclass
class Place:
    """Where and as whom the platform is started."""

    base: Path
    project: Path = PROJECT
    account: Account | None = None
    python: str = sys.executable
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return self.base / "data"

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Run ``up`` with nothing of this test run's environment."""
        return subprocess.Popen(
            [self.python, "manage.py", "up", "--data-dir", str(self.data_dir), *arguments],
            cwd=self.project,
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            user=self.account.uid if self.account else None,
            group=self.account.gid if self.account else None,
            extra_groups=[] if self.account else None,
        )

    def manage(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run another command beside the platform, which finds it by the data directory alone."""
        return subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.project,
            env={"PATH": os.environ["PATH"], "RUPAI_DATA_DIR": str(self.data_dir)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def refused(self, *arguments: str, **variables: str) -> str:
        """Return the one line that a refused start says."""
        process = self.start(*arguments, **variables)
        _, errors = process.communicate(timeout=READY_WITHIN)
        assert process.returncode == 1
        assert errors.startswith("Error: ")
        assert errors.count("\n") == 1
        assert self.left() == []
        return errors.strip()

    def left(self) -> list[str]:
        """List what still runs or listens for this data directory."""
        mark = os.fsencode(self.data_dir)
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                lines = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
                if any(mark in line for line in lines) and int(process.name) != os.getpid():
                    found.append(lines[0].replace(b"\0", b" ").decode())
        home = (self.data_dir / "postgres").resolve()
        found += [f"works in the data: {pid}" for pid in processes.inside(home / "data")]
        return found + [str(path) for path in (home / "run").glob("*") if home.is_dir()]


@pytest.fixture
def base() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="rupai-up-"))
    base.chmod(0o711)
    yield base
    _remove(base)


def _remove(base: Path) -> None:
    shutil.rmtree((base / "data" / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def place(base: Path) -> Place:
    return Place(base)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


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
            for name in ("console_url", "admin_user", "admin_password", "api_url", "api_key"):
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


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else; the test above ran as an ordinary user")
def test_it_lives_as_an_ordinary_user(base: Path, port: int) -> None:
    account = database_account(Path("/nonexistent"))
    assert account is not None
    base.chmod(0o755)
    place = Place(base, account=account, project=base / "project")
    shutil.copytree(PROJECT, place.project, ignore=NOT_COPIED)
    _give_python(place)
    os.chown(base, account.uid, account.gid)
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


@pytest.mark.skipif(not ROOT, reason="the home directory of root is closed to others")
def test_it_lives_below_the_closed_home_of_root(port: int) -> None:
    base = Path(tempfile.mkdtemp(prefix="rupai-up-", dir=Path.home()))
    try:
        place = Place(base, project=base / "project")
        shutil.copytree(PROJECT, place.project, ignore=NOT_COPIED)
        _lives_through(place, port, signal.SIGKILL, signal.SIGINT)
        assert not (place.data_dir / "postgres").resolve().is_relative_to(base)
    finally:
        _remove(base)


def test_production_settings_run_on_loopback(place: Place, port: int) -> None:
    with place.start("--port", str(port), "--settings", "production") as process:
        _until_ready(process.stdout)
        assert _get(port, "/ready") == 200
        assert _get(port, "/no-such-page") == 404
        audit = place.manage("verify_audit_chain", "--settings", "production")
        assert audit.returncode == 0, audit.stderr
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


def test_a_port_in_use_is_one_line(place: Place, port: int) -> None:
    with socket.socket() as stranger:
        stranger.bind((LOOPBACK, port))
        stranger.listen()
        said = place.refused("--port", str(port))
        assert said == f"Error: Port {port} cannot be used: Address already in use; choose another with --port"


def test_an_unreachable_database_is_one_line_without_its_password(place: Place, port: int) -> None:
    url = f"postgresql://somebody:hidden-word@{LOOPBACK}:1/rupai"
    said = place.refused("--port", str(port), DATABASE_URL=url)
    assert said.startswith("Error: DATABASE_URL cannot be reached: ")
    assert "hidden-word" not in said


def test_an_unreachable_broker_is_one_line(place: Place, port: int) -> None:
    said = place.refused("--port", str(port), CELERY_BROKER_URL=f"amqp://guest:hidden-word@{LOOPBACK}:1//")
    assert said.startswith("Error: CELERY_BROKER_URL cannot be reached: 127.0.0.1:1: ")
    assert "hidden-word" not in said


def test_a_data_directory_that_cannot_be_is_one_line(base: Path, port: int) -> None:
    (base / "data").touch()
    assert re.search(r"Data directory .* cannot be used: ", Place(base).refused("--port", str(port)))


def test_a_failed_part_is_one_line_with_its_name_and_log(place: Place, port: int) -> None:
    said = place.refused("--port", str(port), "--settings", "rupai.settings.none")
    log = place.data_dir / "logs" / "migrate.log"
    assert "failed (ended with code 1): ModuleNotFoundError: No module named 'rupai.settings.none'" in said
    assert said.endswith(f"(log: {log})") or said.endswith(f"(log: {log.with_name('sandbox.log')})")


@pytest.mark.skipif(not ROOT, reason="mounting a small disk takes root")
def test_a_full_disk_is_one_line(base: Path, port: int) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0711", "tmpfs", str(base)], check=True)
    try:
        assert "No space left on device" in Place(base).refused("--port", str(port))
    finally:
        subprocess.run(["umount", "--lazy", str(base)], check=True)
