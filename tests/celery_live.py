"""Real workers, beat and brokers as processes, on the database of the running test."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from kombu import Connection

from rupai.core.queue_names import QUEUES
from rupai.core.runtime.binaries import find_valkey
from tests.live import PROJECT, database_url, free_port, wait_until

# Sends tasks of tests.poison_tasks under one correlation id, from a process that has the wanted broker.
_SEND = """
import sys, django
django.setup()
from rupai.core import logs, queue
with logs.correlated(sys.argv[1]):
    for word in sys.argv[2:]:
        name, _, of = word.partition("=")
        queue.enqueue(f"monitoring.test_{name}", **({"of": of} if of else {}))
"""


@dataclass
class Valkey:
    """A broker of our own that can be killed; it keeps nothing, like the embedded one."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            [str(find_valkey()), *options], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, what="the broker does not answer", seconds=10)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(5)
            self.process = None

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@dataclass
class Crew:
    """Celery processes on one broker; each writes a log of its name."""

    folder: Path
    broker: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def notes(self) -> Path:
        return self.folder / "notes.txt"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "rupai.settings.test",
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": self.broker,
            "RUPAI_TEST_NOTES": str(self.notes),
            "PYTHONPATH": str(PROJECT),
            "LOG_LEVEL": "INFO",
        }

    def worker(self, *, queues: str = ",".join(QUEUES), name: str = "worker", processes: int = 2) -> None:
        """Start a worker that also knows the tasks of the tests."""
        words = ["-Q", queues, "-c", str(processes), "-n", f"{name}@%h", "--include", "tests.poison_tasks"]
        self._start(name, "worker", *words, "--without-gossip", "--without-mingle", "--without-heartbeat")
        wait_until(lambda: "ready." in self.log(name), what=f"the worker does not start: {self.log(name)[-2000:]}")

    def beat(self) -> None:
        self._start("beat", "beat", "--pidfile=")

    def send(self, *words: str, correlation: str = "") -> None:
        """Enqueue tests' tasks as the platform does, e.g. ``good=1``."""
        command = [sys.executable, "-c", _SEND, correlation, *words]
        subprocess.run(command, env=self.environment, cwd=PROJECT, check=True, timeout=60)

    def noted(self, word: str) -> list[tuple[str, float]]:
        """Correlation id and time of each line that a task left."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        found = [line.split(" ") for line in lines]
        return [(correlation, float(at)) for name, correlation, at in found if name == word]

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def stop(self, name: str, *, how: signal.Signals = signal.SIGTERM) -> None:
        process = self.processes.pop(name)
        process.send_signal(how)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)

    def _start(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "rupai", *words],
                cwd=PROJECT,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )


@contextmanager
def crew(folder: Path, broker: str) -> Iterator[Crew]:
    """Processes that end with the block; the broker's queues are empty at its beginning."""
    found = Crew(folder, broker)
    empty_queues(broker)
    try:
        yield found
    finally:
        for name in reversed(list(found.processes)):
            found.stop(name)


def empty_queues(broker: str) -> None:
    """Remove what earlier tests left in the broker."""
    with Connection(broker) as connection:
        for name in QUEUES:
            channel: Any
            with connection.channel() as channel:
                try:
                    channel.queue_purge(name)
                except connection.channel_errors:
                    continue
