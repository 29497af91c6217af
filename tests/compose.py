"""The compose file as data, with its variables filled in as docker does."""

import re
import shlex
from collections.abc import Mapping
from typing import Any

import yaml

from tests.gate.project import ROOT

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Z_]+)(?:(?P<how>:[-?])(?P<rest>[^}]*))?\})")
OWN_IMAGE = "rupai:0.1.0"


class Missing(KeyError):
    """A variable without a default was not given."""


def read() -> dict[str, Any]:
    """Parse the file; its variables are left as they are."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def variables(text: str) -> dict[str, str]:
    """Every variable that a text uses, with its default; ``?`` where none is allowed."""
    found = (match for match in _VARIABLE.finditer(text) if match["name"])
    return {match["name"]: match["rest"] if match["how"] == ":-" else "?" for match in found}


def filled(value: Any, given: Mapping[str, str]) -> Any:
    """Replace variables everywhere inside a value.

    :raises Missing: naming a variable that has no default.
    """
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match, given), value)
    if isinstance(value, list):
        return [filled(item, given) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, given) for key, item in value.items()}
    return value


def _value(match: re.Match[str], given: Mapping[str, str]) -> str:
    name = match["name"]
    if name is None:
        return "$"
    if given.get(name):
        return given[name]
    if match["how"] == ":-":
        return match["rest"]
    raise Missing(name)


def command_of(service: Mapping[str, Any]) -> list[str]:
    command = service.get("command", [])
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]


def example_variables() -> dict[str, str]:
    """Variables of ``.env.example``, also those in comments."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = (re.fullmatch(r"(?:# )?([A-Z][A-Z_]+)=(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}
