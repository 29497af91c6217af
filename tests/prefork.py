"""Starts web servers and workers quickly: Django is imported once, and each start is a fork of that process.

``python -m tests.prefork`` reads JSON commands, one a line, and answers each with a line. A child is a real
process with a real server in it; killing it kills nothing else.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


class Forked:
    """A forked child, with the part of ``subprocess.Popen`` that tests need."""

    def __init__(self, parent: "Prefork", pid: int) -> None:
        self.parent, self.pid = parent, pid

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for the end, and give the exit code, negative for a signal.

        :raises TimeoutError: when it goes on living.
        """
        end = time.monotonic() + timeout
        while (code := self.parent.ask(wait=self.pid)) is None:
            if time.monotonic() > end:
                raise TimeoutError(f"process {self.pid} goes on living")
            time.sleep(0.02)
        return int(code)


class Prefork:
    """The importing process, driven by its input and output."""

    def __init__(self, *, environment: dict[str, str], folder: Path, log: Path) -> None:
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.prefork"],
                cwd=folder,
                env={**environment, "RUPAI_DB_POOL": "20"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        assert self._answer() == "ready"

    def ask(self, **command: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def start(self, arguments: Sequence[str], *, log: Path, **environment: str) -> Forked:
        """Fork a child that runs ``daphne`` or ``celery`` with arguments."""
        return Forked(self, int(self.ask(start=list(arguments), log=str(log), environment=environment)))

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the importing process has ended; see its log"
        return json.loads(line)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


def _main() -> None:
    import django

    django.setup()
    from django.urls import get_resolver

    # Imports every view; no connection is open yet, so a fork shares none.
    assert get_resolver().url_patterns
    _reply("ready")
    for line in sys.stdin:
        command = json.loads(line)
        _reply(_start(command) if "start" in command else _wait(int(command["wait"])))


def _reply(value: Any) -> None:
    print(json.dumps(value), flush=True)


def _start(command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    output = os.open(command["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.environ.update(command["environment"])
    program, *arguments = command["start"]
    try:
        _run(program, arguments)
    finally:
        os._exit(1)


def _run(program: str, arguments: list[str]) -> None:
    if program == "celery":
        from rupai.celery import app

        app.worker_main(arguments)
    else:
        from daphne.cli import CommandLineInterface

        CommandLineInterface().run(arguments)


def _wait(pid: int) -> int | None:
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None


if __name__ == "__main__":
    _main()
