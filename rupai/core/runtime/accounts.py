"""The system account that PostgreSQL runs under, since it refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rupai.core.runtime.errors import StartError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An entry of the password file; PostgreSQL refuses a bare uid without one."""

    name: str
    uid: int
    gid: int


def _named(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def database_account(home: Path) -> Account | None:
    """Choose who runs PostgreSQL: ``None`` means the present user, which is right unless that is root.

    A database that exists keeps its owner, so root may start what an ordinary user began.

    :raises StartError: when root finds no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    owner = home.stat().st_uid if home.exists() else 0
    if owner:
        try:
            return _named(pwd.getpwuid(owner))
        except KeyError:
            raise StartError(f"{home} belongs to user id {owner}, which has no account on this machine") from None
    for name in CANDIDATES:
        try:
            return _named(pwd.getpwnam(name))
        except KeyError:
            continue
    raise StartError("PostgreSQL does not run as root, and there is neither a 'postgres' nor a 'nobody' account")


def can_reach(path: Path, account: Account | None) -> bool:
    """Tell whether the account may enter (directory) or run (file) this path.

    A process of that account tries it, because mode bits alone say nothing about access lists and mounts.
    """
    if account is None:
        return os.access(path, os.X_OK)
    answer = subprocess.run(  # noqa: S603 - a fixed program; the path is an argument, not code
        ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
        cwd="/",
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return answer.returncode == 0
