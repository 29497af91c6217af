"""`manage.py sandbox` as a process of its own: it survives SIGKILL, ends cleanly and takes no strangers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings as project
from django.core.management import CommandError, call_command
from pytest_django import Settings
from urllib3.exceptions import ProtocolError

from payments.tests.sandboxes import Sandbox

pytestmark = pytest.mark.slow

CHARGE = {"reference": "pay_1_1", "amount": 10_000, "currency": "INR", "token": "tok_visa", "capture": False}


class Process:
    """The sandbox command, started again and again on one state directory."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.running: subprocess.Popen[str] | None = None

    def start(self, *arguments: str) -> Sandbox:
        """Start the command and wait for the line that names its address."""
        command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--state", str(self.state), *arguments]
        environment = os.environ | {"DJANGO_SETTINGS_MODULE": "rupai.settings.test"}
        self.running = subprocess.Popen(
            command, cwd=project.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self.running.stdout
        line = self.running.stdout.readline()
        assert line.startswith("sandbox acquirer listening on http://127.0.0.1:"), line
        return Sandbox(line.split()[-1])

    def end(self, number: signal.Signals) -> int:
        """Send a signal and give the exit status."""
        assert self.running
        self.running.send_signal(number)
        status = self.running.wait(timeout=10)
        assert self.running.stdout
        self.running.stdout.close()
        self.running = None
        return status


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path / "sandbox")
    yield made
    if made.running:
        made.end(signal.SIGKILL)


def test_what_was_answered_before_a_kill_is_there_after_it(process: Process) -> None:
    sandbox = process.start()
    made = [sandbox.call("POST", "/v1/charges", CHARGE | {"amount": 100 + n}, key=f"charge-{n:03}") for n in range(20)]
    path = f"/v1/charges/{made[0][1]['id']}"
    capture = sandbox.call("POST", f"{path}/capture", {"amount": 60}, key="capture-001")
    before = sandbox.charges()
    assert process.end(signal.SIGKILL) == -signal.SIGKILL

    sandbox = process.start()
    assert sandbox.charges() == before
    assert [charge["amount"] for charge in before] == [100 + n for n in range(20)]
    assert sandbox.call("POST", "/v1/charges", CHARGE | {"amount": 119}, key="charge-019") == made[19]
    assert sandbox.call("POST", f"{path}/capture", {"amount": 60}, key="capture-001") == capture
    assert sandbox.call("POST", f"{path}/capture", {"amount": 41}, key="capture-002")[0] == 422
    assert sandbox.charges() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_and_in_order_even_while_holding_a_line(process: Process, number: signal.Signals) -> None:
    sandbox = process.start("--hold-seconds", "60")
    assert sandbox.call("GET", "/control")[1]["model"]["hold_ms"] == 60_000
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(sandbox.call, "POST", "/v1/charges", CHARGE | {"token": "tok_timeout_after"}, key="held-001")
        while not sandbox.charges():
            time.sleep(0.01)
        started = time.perf_counter()
        assert process.end(number) == 0
        assert isinstance(held.exception(timeout=5), ProtocolError)
    assert time.perf_counter() - started < 3
    assert [charge["amount"] for charge in process.start().charges()] == [10_000]


def test_a_port_in_use_is_one_clear_line(process: Process, tmp_path: Path) -> None:
    port = process.start().url.rsplit(":", 1)[1]
    with pytest.raises(CommandError, match="in use"):
        call_command("sandbox", port=int(port), state=tmp_path / "other")


def test_a_journal_in_use_is_one_clear_line(process: Process) -> None:
    process.start()
    with pytest.raises(CommandError, match="Another process writes to"):
        call_command("sandbox", port=0, state=process.state)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1"])
def test_an_address_that_others_could_reach_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(CommandError, match="loopback"):
        call_command("sandbox", host=host, port=0, state=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_does_not_start_where_it_is_not_allowed(tmp_path: Path, settings: Settings) -> None:
    settings.SANDBOX_ALLOWED = False
    with pytest.raises(CommandError, match="RUPAI_SANDBOX=1"):
        call_command("sandbox", port=0, state=tmp_path)
    assert list(tmp_path.iterdir()) == []
