"""Differences and values as people read them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, written out; ``added`` and ``removed`` for lists, whose whole text says little."""

    field: str
    before: str
    after: str
    added: list[str]
    removed: list[str]


def changes_of(changes: Mapping[str, Any]) -> list[Change]:
    """The rows of a difference ``{field: [old, new]}``, as events carry it."""
    return [change(field, *pair) for field, pair in changes.items()]


def change(field: str, before: Any, after: Any) -> Change:
    added, removed = [], []
    if isinstance(before, list) and isinstance(after, list):
        added = [written(each) for each in after if each not in before]
        removed = [written(each) for each in before if each not in after]
    return Change(field.replace("_", " "), written(before), written(after), added, removed)


def written(value: Any) -> str:
    """A value in one line: nothing as a dash, yes and no as words, structures as JSON."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def pretty(value: Any) -> str:
    """A structure as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
