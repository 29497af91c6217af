"""The supervisor starts parts in order, restarts what dies and leaves nothing behind."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rupai.core.runtime import processes
from rupai.core.runtime import supervisor as supervisor_module
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.errors import StartError
from rupai.core.runtime.parts import Part
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.supervisor import Supervisor

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[3]
LOYAL = "trap 'echo end $NAME >> diary; exit 0' TERM; echo start $NAME >> diary; sleep 1000 & wait"
STUBBORN = "trap '' TERM; while :; do sleep 1; done"
# Two parts under a supervisor of their own; the second one's child has left its group and outlives its parent.
DRIVER = """
import pathlib, sys
from rupai.core.runtime.bell import Bell
from rupai.core.runtime.errors import StopAsked
from rupai.core.runtime.parts import Part
from rupai.core.runtime.progress import Progress
from rupai.core.runtime.supervisor import Supervisor

where = pathlib.Path(sys.argv[1])
def part(name, script):
    command = ("/bin/sh", "-c", script)
    return Part(name=name, command=command, environment={"PATH": "/usr/bin:/bin"}, cwd=where)
parts = [part("plain", "exec sleep 1000"), part("forking", "setsid sleep 1001 & setsid true & exec sleep 1002")]
with Bell() as bell:
    supervisor = Supervisor(parts, logs=where, progress=Progress(sys.stdout), bell=bell, adopts=True)
    try:
        supervisor.start()
        print("pids", supervisor.pid("plain"), supervisor.pid("forking"), flush=True)
        supervisor.watch()
    except StopAsked:
        supervisor.stop()
        print("stopped", flush=True)
"""


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervise(tmp_path: Path, said: io.StringIO) -> Iterator[Callable[..., Supervisor]]:
    bell = Bell()
    made: list[Supervisor] = []

    def make(*parts: Part, excuse: Callable[[], str] = str) -> Supervisor:
        made.append(Supervisor(parts, logs=tmp_path, progress=Progress(said), bell=bell, excuse=excuse))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.stop()
    bell.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "RESTART_DELAYS", (0.0, 0.1, 0.1, 0.1, 0.1))
    monkeypatch.setattr(supervisor_module, "EXCUSED_DELAY", 0.1)


@pytest.fixture
def part(tmp_path: Path) -> Callable[..., Part]:
    def make(name: str, script: str, **fields: object) -> Part:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "NAME": name}
        command = ("/bin/sh", "-c", script)
        return Part(name=name, command=command, environment=environment, cwd=tmp_path, **fields)  # type: ignore[arg-type]

    return make


def _wait(condition: Callable[[], bool], *, within: float = 10.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _keep_running(supervisor: Supervisor, until: Callable[[], bool], *, within: float = 10.0) -> None:
    supervisor.wait_until(until, lambda: "the test", within=within)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_parts_start_after_what_they_need_and_end_before_it(
    tmp_path: Path, supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    diary = tmp_path / "diary"
    supervisor = supervise(
        part("web", LOYAL, after=("migrate",), ready=lambda: "start web" in diary.read_text()),
        part("migrate", "sleep 0.2; echo migrate >> diary", after=("base",), task=True),
        part("base", LOYAL, ready=diary.exists),
    )
    supervisor.start()
    supervisor.stop()
    assert diary.read_text().split("\n") == ["start base", "migrate", "start web", "end web", "end base", ""]
    # Each left a sleeping child in its group.
    _wait(lambda: _working_in(tmp_path) == [])


def test_a_part_that_fails_at_the_start_is_one_line(
    tmp_path: Path, supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    supervisor = supervise(part("base", LOYAL), part("web", "echo old news; echo no such table >&2; exit 3", task=True))
    with pytest.raises(StartError) as refusal:
        supervisor.start()
    assert str(refusal.value) == f"web failed (ended with code 3): no such table (log: {tmp_path / 'web.log'})"
    base = supervisor.pid("base")
    supervisor.stop()
    assert not _is_alive(base)


def test_a_part_that_is_never_ready_is_given_up(
    supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    supervisor = supervise(part("web", LOYAL, ready=lambda: False, ready_within=0.3))
    with pytest.raises(StartError, match=r"^web is not ready after 0 s"):
        supervisor.start()


def test_a_killed_part_is_started_again(
    said: io.StringIO, supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    supervisor = supervise(part("web", LOYAL), part("worker", LOYAL))
    supervisor.start()
    web, worker = supervisor.pid("web"), supervisor.pid("worker")
    os.kill(worker, signal.SIGKILL)
    _keep_running(supervisor, lambda: "restarted" in said.getvalue())
    assert supervisor.pid("worker") != worker
    assert supervisor.pid("web") == web
    assert "worker       killed by SIGKILL; starting it again" in said.getvalue()


def test_a_part_that_keeps_failing_ends_the_platform(
    tmp_path: Path, supervise: Callable[..., Supervisor], part: Callable[..., Part], impatient: None
) -> None:
    script = "echo up >> diary; sleep 0.2; echo out of luck; exit 4"
    supervisor = supervise(part("web", script))
    supervisor.start()
    with pytest.raises(StartError, match=r"^web keeps failing \(ended with code 4\): out of luck \(log: .*web.log\)$"):
        _keep_running(supervisor, lambda: False, within=60)
    # Once, and once more after each of the five delays.
    assert (tmp_path / "diary").read_text().count("up") == 6


def test_failures_on_a_full_disk_are_waited_out(
    tmp_path: Path,
    said: io.StringIO,
    supervise: Callable[..., Supervisor],
    part: Callable[..., Part],
    impatient: None,
) -> None:
    full = tmp_path / "full"
    supervisor = supervise(
        part("web", "echo up >> diary; [ -e full ] && exit 1; exec sleep 1000"),
        excuse=lambda: "the disk is full" if full.exists() else "",
    )
    supervisor.start()
    full.touch()
    os.kill(supervisor.pid("web"), signal.SIGKILL)
    _keep_running(supervisor, lambda: (tmp_path / "diary").read_text().count("up") == 8, within=30)
    full.unlink()
    began = time.monotonic()
    _keep_running(supervisor, lambda: _is_alive(supervisor.pid("web")) and time.monotonic() - began > 0.5)
    assert said.getvalue().count("starting it again (the disk is full)") == 1


def test_a_stubborn_part_is_killed_with_its_group(
    tmp_path: Path, supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    supervisor = supervise(part("web", f"sleep 1003 & echo $! > child; {STUBBORN}", stop_within=0.3))
    supervisor.start()
    _wait((tmp_path / "child").exists)
    _wait(lambda: bool((tmp_path / "child").read_text()))
    web, child = supervisor.pid("web"), int((tmp_path / "child").read_text())
    began = time.monotonic()
    supervisor.stop()
    assert 0.3 < time.monotonic() - began < 3
    assert not _is_alive(web)
    _wait(lambda: not _is_alive(child))


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    command = [sys.executable, "-c", DRIVER, str(tmp_path)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout
        lines = iter(process.stdout.readline, "")
        pids = [int(pid) for pid in next(line for line in lines if line.startswith("pids")).split()[1:]]
        _wait(lambda: len(_working_in(tmp_path)) == 3)
        yield process, pids
        process.kill()
    for pid in _working_in(tmp_path):
        processes.kill(pid, signal.SIGKILL)


def _working_in(directory: Path) -> list[int]:
    return [pid for pid in processes.inside(directory) if _is_alive(pid)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_even_what_left_its_group(
    tmp_path: Path, driver: tuple[subprocess.Popen[str], list[int]], number: signal.Signals
) -> None:
    process, _ = driver
    process.send_signal(number)
    output, _ = process.communicate(timeout=10)
    assert output.endswith("stopped\n")
    assert process.returncode == 0
    assert _working_in(tmp_path) == []


def test_no_part_outlives_a_killed_supervisor(
    driver: tuple[subprocess.Popen[str], list[int]],
) -> None:
    process, pids = driver
    process.kill()
    process.wait(timeout=10)
    _wait(lambda: not any(_is_alive(pid) for pid in pids))


def test_ended_orphans_are_reaped_as_process_1_must(driver: tuple[subprocess.Popen[str], list[int]]) -> None:
    process, pids = driver
    # "setsid true" was adopted when its parent became something else; nothing but the supervisor can collect it.
    os.kill(pids[1], signal.SIGKILL)
    _wait(lambda: _zombies(process.pid) == [])
    time.sleep(0.3)
    assert _zombies(process.pid) == []


def _zombies(parent: int) -> list[str]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        if re.search(rf"^PPid:\t{parent}$", text, re.M) and re.search(r"^State:\tZ", text, re.M):
            found.append(status.parent.name)
    return found


def test_a_task_beside_the_platform_is_neither_waited_for_nor_missed(
    tmp_path: Path, said: io.StringIO, supervise: Callable[..., Supervisor], part: Callable[..., Part]
) -> None:
    beside = {"task": True, "aside": True}
    never = part("never", "echo start $NAME >> diary; sleep 1000", after=("web",), **beside)
    supervisor = supervise(never, part("fails", "echo no room; exit 3", **beside), part("web", LOYAL))
    supervisor.start()
    assert not (tmp_path / "diary").exists() or "never" not in (tmp_path / "diary").read_text()
    _keep_running(supervisor, lambda: "never" in (tmp_path / "diary").read_text() and "fails" in said.getvalue())
    assert "fails        failed (ended with code 3): no room" in said.getvalue()
    pid = supervisor.pid("never")
    supervisor.stop()
    assert not _is_alive(pid)
    assert (tmp_path / "diary").read_text().splitlines()[-1] == "end web"
