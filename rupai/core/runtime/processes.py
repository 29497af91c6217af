"""Start, watch and end child processes so that none outlives us, even after a kill -9."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from rupai.core.runtime.accounts import Account

Child = subprocess.Popen[bytes]

# Numbers from linux/prctl.h.
SET_DEATH_SIGNAL = 1
SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    log: Path,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> Child:
    """Start a child in its own session, its output appended to ``log``.

    The kernel sends it ``death_signal`` when we die, however we die. Call this from the main thread only: the kernel
    means the death of the thread that started the child.
    """
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        return subprocess.Popen(  # noqa: S603 - the commands are written in this package
            list(command),
            env=dict(environment),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches the whole foreground group of a terminal; the order of stopping is ours to choose.
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_die_with(os.getpid(), death_signal),
        )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    # Runs after the change of user, which would clear the setting.
    return lambda: die_with(parent, death_signal)


def die_with(parent: int, death_signal: signal.Signals = signal.SIGKILL) -> None:
    """End with the parent, however it ends; called by a child as its first act."""
    if _libc is not None:
        _libc.prctl(SET_DEATH_SIGNAL, int(death_signal))
    if os.getppid() != parent:
        os._exit(1)


def ended(child: Child) -> bool:
    """Tell whether the child has ended, and then end what is left of its group before its id can be reused."""
    if child.returncode is not None:
        return True
    if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return False
    kill_group(child, signal.SIGKILL)
    child.wait()
    return True


def kill_group(child: Child, number: signal.Signals) -> None:
    """Signal the child's whole group; a group that is gone already is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def kill(pid: int, number: signal.Signals) -> None:
    """Signal one process; one that is gone already, or is not ours, is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def adopt_orphans() -> None:
    """Make us the parent of every descendant that loses its own, as process 1 is; see ``reap_orphans``."""
    if _libc is not None:
        _libc.prctl(SET_CHILD_SUBREAPER, 1)


def reap_orphans(known: Collection[int]) -> None:
    """Collect ended children that we did not start ourselves.

    Without this, below process 1, a killed postmaster's remains would block its restart.
    """
    with suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in known:
                return
            os.waitpid(found.si_pid, 0)


def children() -> list[int]:
    """List the process ids whose parent we are."""
    return [pid for pid in _processes() if _parent(pid) == os.getpid()]


def inside(directory: Path) -> list[int]:
    """List the process ids that work in a directory (the postmaster and every backend work in their data)."""
    try:
        wanted = directory.stat()
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for pid in _processes():
        with suppress(OSError):
            if os.path.samestat(Path(f"/proc/{pid}/cwd").stat(), wanted):
                found.append(pid)
    return found


def _processes() -> list[int]:
    proc = Path("/proc")
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()] if proc.is_dir() else []


def _parent(pid: int) -> int:
    try:
        # The name in parentheses may itself hold spaces and parentheses.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
