"""Starting ``manage.py up`` in a place of its own, for the tests that watch it live and end."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rupai.core.runtime import processes
from rupai.core.runtime.accounts import Account
from rupai.core.runtime.places import LOOPBACK

PROJECT = Path(__file__).resolve().parents[1]
READY_WITHIN = 120.0
IS_ROOT = os.geteuid() == 0


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


@contextmanager
def new_place(*, below: Path | None = None) -> Iterator[Place]:
    """Make an empty directory to start in, and remove it with everything that was put elsewhere for it."""
    base = Path(tempfile.mkdtemp(prefix="rupai-up-", dir=below))
    base.chmod(0o711)
    try:
        yield Place(base)
    finally:
        shutil.rmtree((base / "data" / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(base, ignore_errors=True)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
