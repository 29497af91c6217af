"""Typed readers of the environment.

A variable that is missing from the process is looked up in ``<data dir>/environment.json``; ``manage.py up`` writes it
(mode 600), so that any other command works beside a running instance without exports.
"""

import json
import os
from functools import cache
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

PROJECT = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    return Path(os.environ.get("RUPAI_DATA_DIR") or PROJECT / ".rupai")


@cache
def _running_instance() -> dict[str, str]:
    try:
        found = json.loads((data_dir() / "environment.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def text(name: str, default: str = "") -> str:
    """Read a string; an empty variable counts as missing."""
    return os.environ.get(name) or _running_instance().get(name) or default


def required(name: str, *, hint: str) -> str:
    """Read a string that has no default.

    :raises ImproperlyConfigured: naming the variable and what to put there.
    """
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def integer(name: str, default: int) -> int:
    """Read a whole number.

    :raises ImproperlyConfigured: when the value is no whole number.
    """
    value = text(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from None


def seconds(name: str, default: float) -> float:
    """Read a duration in seconds.

    :raises ImproperlyConfigured: when the value is no number above zero.
    """
    value = text(name, str(default))
    try:
        found = float(value)
    except ValueError:
        found = 0.0
    if not 0 < found < 3600:
        raise ImproperlyConfigured(f"{name} must be a number of seconds above 0, not {value!r}")
    return found


def flag(name: str, default: bool = False) -> bool:
    """Read a yes/no value: 1, true, yes, on mean yes."""
    return text(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def listing(name: str, default: str = "") -> list[str]:
    """Read comma-separated values."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]
