"""Texts of customers and merchants on their way to a model: data that cannot hide anything."""

import unicodedata
from typing import Any

# Format signs, private use and unassigned: invisible to people, but read by models.
_INVISIBLE = frozenset({"Cf", "Co", "Cn", "Cs"})


def plain(value: Any) -> Any:
    """The same JSON value with every text in NFKC and without invisible characters."""
    if isinstance(value, str):
        return value if value.isascii() else _plain(value)
    if isinstance(value, dict):
        return {plain(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def _plain(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in composed if unicodedata.category(sign) not in _INVISIBLE)
