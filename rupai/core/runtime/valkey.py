"""The embedded Valkey: broker, cache and channel layer, in memory only, since the truth lies in PostgreSQL."""

import secrets
import signal
import socket
from dataclasses import dataclass, field
from pathlib import Path

from rupai.core.runtime.binaries import find_valkey
from rupai.core.runtime.parts import Part
from rupai.core.runtime.places import LOOPBACK, write_private


@dataclass(frozen=True, slots=True)
class Valkey:
    """One server on a loopback port.

    A port with a random password, because Celery, channels and the cache each spell a unix socket's address
    differently, while they all understand this one.
    """

    home: Path
    port: int
    program: Path = field(default_factory=find_valkey)
    password: str = field(default_factory=lambda: secrets.token_hex(24), repr=False)

    @property
    def url(self) -> str:
        """The ``REDIS_URL``."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def part(self) -> Part:
        """Write the configuration and describe the server process."""
        self._configure()
        return Part(
            name="valkey",
            command=(str(self.program), str(self.home / "valkey.conf")),
            environment={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
            cwd=self.home,
            ready=self._answers,
            ready_within=20.0,
            death_signal=signal.SIGTERM,
        )

    def _configure(self) -> None:
        # The password goes into a private file: command lines are public.
        lines = [
            f"bind {LOOPBACK}",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.home}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            'logfile ""',
        ]
        write_private(self.home / "valkey.conf", "\n".join(lines) + "\n")

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (received := connection.recv(256)):
                    answer += received
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"
