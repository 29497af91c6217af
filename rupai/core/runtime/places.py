"""Directories, locks, ports and private files of one data directory."""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rupai.core.runtime.accounts import Account, can_reach, database_account
from rupai.core.runtime.errors import StartError

# Where root keeps what another account must reach, when the data directory itself is closed to that account.
SHARED_PLACES = (Path("/var/lib/rupai"), Path("/var/tmp/rupai"), Path("/tmp/rupai"))  # noqa: S108 - ownership is checked
LOOPBACK = "127.0.0.1"


def open_data_dir(path: Path) -> Path:
    """Make the data directory, closed to others, and check that it can be written.

    :raises StartError: saying why not.
    """
    try:
        if not path.exists():
            path.mkdir(parents=True)
            # The account that runs PostgreSQL for root may pass through, but not look around.
            path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"room")
        (path / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as problem:
        raise StartError(f"Data directory {path} cannot be used: {problem.strerror}") from problem
    return path.resolve()


@contextmanager
def held(lock: Path, *, told: str) -> Iterator[None]:
    """Hold a lock file; the kernel lets go of it when we die.

    :raises StartError: when another process holds it, with what that one wrote there; ``told`` is what we write.
    """
    with os.fdopen(os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"RupAI already runs on {lock.parent} ({file.read().strip()})") from None
        file.truncate(0)
        file.write(told)
        file.flush()
        yield


def database_home(data_dir: Path) -> tuple[Path, Account | None]:
    """Return the directory of the embedded PostgreSQL and the account that owns it.

    It is ``<data dir>/postgres``; when that account cannot reach it, that name is a link to a place where it can.

    :raises StartError: when there is no such place.
    """
    home = data_dir / "postgres"
    if home.is_symlink() and not home.exists():
        raise StartError(f"The database of {data_dir} was kept in {home.readlink()}, which is gone")
    account = database_account(home)
    if not home.exists():
        if account is None:
            home.mkdir(mode=0o700)
        elif can_reach(data_dir, account):
            _make_private(home, account)
        else:
            home.symlink_to(_make_private(shared_place(account) / secrets.token_hex(6), account))
    return home.resolve(), account


def _make_private(path: Path, account: Account) -> Path:
    path.mkdir(mode=0o700)
    os.chown(path, account.uid, account.gid)
    return path


def shared_place(account: Account) -> Path:
    """Find or make a directory of root's that the account may pass through.

    :raises StartError: when none can be made.
    """
    for place in SHARED_PLACES:
        try:
            if not place.exists():
                place.mkdir(mode=0o755)
                place.chmod(0o755)
        except OSError:
            continue
        found = place.lstat()
        safe = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if safe and can_reach(place, account):
            return place
    raise StartError(
        f"The account {account.name}, which runs PostgreSQL, can reach none of {', '.join(map(str, SHARED_PLACES))}"
    )


def socket_dir(home: Path, account: Account | None) -> Path:
    """Make the private directory of the database's socket.

    It lies in ``home`` unless that path is too long for a socket (about 100 characters) or holds characters that
    PostgreSQL reads as a list; then below the directory for temporary files.

    :raises StartError: when somebody else owns that name.
    """
    inside = home / "run"
    plain = all(letter.isalnum() or letter in "/._-+" for letter in str(inside)) and str(inside).isascii()
    name = f"rupai-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
    path = inside if plain and len(str(inside)) <= 80 else Path(min(tempfile.gettempdir(), "/tmp", key=len)) / name  # noqa: S108
    owner = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise StartError(f"{path} should be a private directory of user id {owner}") from None
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all of it or nothing."""
    draft = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write a private JSON object."""
    write_private(path, json.dumps(content, indent=2) + "\n")


def read_json(path: Path) -> dict[str, str]:
    """Read a JSON object of texts; no file gives an empty dictionary.

    :raises StartError: when the file cannot be understood.
    """
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as problem:
        raise StartError(f"{path} cannot be read: {problem}") from problem
    if not isinstance(found, dict):
        raise StartError(f"{path} should hold a JSON object")
    return {str(name): str(value) for name, value in found.items()}


def port_problem(port: int) -> str:
    """Tell why no server could listen on a loopback port; an empty text means that one could."""
    with socket.socket() as probe:
        # Connections of a server that has just ended do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            return problem.strerror or str(problem)
    return ""


def remembered_port(data_dir: Path, name: str) -> int:
    """Return the port that a part of this data directory listens on, the same at every start while it stays free."""
    path = data_dir / "ports.json"
    ports = read_json(path)
    if name in ports and not port_problem(int(ports[name])):
        return int(ports[name])
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    write_json(path, {**ports, name: port})
    return port


def free_bytes(path: Path) -> int:
    """Return the room left on the disk that holds a path, for users other than root."""
    return shutil.disk_usage(path).free


def is_disk_full(problem: OSError) -> bool:
    """Tell whether an error means that the disk, or our share of it, is full."""
    return problem.errno in {errno.ENOSPC, errno.EDQUOT}
