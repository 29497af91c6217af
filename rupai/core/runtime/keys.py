"""The secrets of one data directory: made once, kept in a private file."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from rupai.core.runtime.errors import StartError
from rupai.core.runtime.places import read_json, write_json


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def _text() -> str:
    return secrets.token_urlsafe(64)


def _named_key() -> str:
    return f"k1:{_key()}"


MAKERS: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": _text,
    "JWT_SECRET_KEY": _text,
    "ENCRYPTION_KEY": _named_key,
    "AUDIT_SIGNING_KEY": _key,
    "METRICS_TOKEN": _text,
}


def own_secrets(data_dir: Path, given: Mapping[str, str], *, has_data: bool) -> dict[str, str]:
    """Return every secret that the environment does not give, making those that the data directory lacks.

    ``has_data`` says that a database exists which was sealed with the secrets of this directory.

    :raises StartError: when such a database has lost its secrets; new ones could not open it.
    """
    path = data_dir / "secrets.json"
    missing = [name for name in MAKERS if not given.get(name)]
    kept = read_json(path)
    if has_data and not kept and "ENCRYPTION_KEY" in missing:
        raise StartError(f"{path} is missing: what the database of {data_dir} has sealed cannot be opened without it")
    made = {name: MAKERS[name]() for name in missing if not kept.get(name)}
    if made:
        write_json(path, kept | made)
    return {name: value for name, value in (kept | made).items() if name in missing}
