"""What of an exchange with a provider may be stored: no secrets, no personal data, no card numbers, bounded in size."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rupai.core.logs import REMOVED, clean

MAX_STORED = 16_384
_PERSONAL = frozenset(
    {
        *("address", "billing", "birthday", "contact", "customer", "customer_reference", "cvc", "cvv", "description"),
        *("email", "first_name", "last_name", "metadata", "mobile", "name", "note", "notes", "number", "pan", "phone"),
        *("pin", "return_url", "shipping", "url", "vpa"),
    }
)
_SHORTEST_CARD = 12


def redacted(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a message for storing; what is too long is replaced by its length."""
    stored = {name: REMOVED if value and _hidden(name) else _copy(value) for name, value in values.items()}
    length = len(json.dumps(stored, default=str))
    return stored if length <= MAX_STORED else {"omitted_bytes": length}


def _copy(value: Any) -> Any:
    if isinstance(value, str):
        # Nothing shorter can be a secret or a card number, and most values of a message are shorter.
        return value if len(value) < _SHORTEST_CARD else clean(value)
    if isinstance(value, dict):
        return {name: REMOVED if item and _hidden(str(name)) else _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=2_048)
def _hidden(name: str) -> bool:
    """Tell whether a field of this name holds a secret or says something about a person."""
    return name.lower() in _PERSONAL or clean("text", name=name) == REMOVED
