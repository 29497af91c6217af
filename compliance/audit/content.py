"""What an audit entry seals, written in exactly one way."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

FIRST = "0" * 64
VERSION = 1
# JSON columns are read as text: a float would round what the database holds exactly.
COLUMNS = (
    "e.id, e.merchant_id, e.livemode, e.created_at, e.type, e.subject_type, e.subject_id, "
    "e.data::text, e.changes::text, e.actor, e.correlation_id, e.transaction, e.inserted"
)
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number with a fraction or an exponent, digit by digit."""

    digits: str


_decoder = json.JSONDecoder(parse_float=Number)


class Sealed(NamedTuple):
    """The fields of an event that never change, in the order of ``COLUMNS``."""

    id: UUID
    merchant_id: UUID
    livemode: bool
    created_at: datetime
    type: str
    subject_type: str
    subject_id: str
    data: str
    changes: str
    actor: str
    correlation_id: str
    transaction: int
    inserted: int


def canonical(value: Any) -> str:
    """Write JSON with keys in code point order, no white space, nothing escaped that need not be, numbers exact.

    :raises TypeError: for a value that JSON does not know.
    """
    try:
        return _encoder.encode(value)
    except TypeError:
        # The encoder, which is several times faster, knows no exact fractions; few values have one.
        return _exact(value)


def _exact(value: Any) -> str:
    if isinstance(value, Number):
        return value.digits
    if isinstance(value, dict):
        return "{" + ",".join([f"{_encoder.encode(key)}:{_exact(value[key])}" for key in sorted(value)]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_exact(item) for item in value]) + "]"
    return _encoder.encode(value)


def entry_hash(event: Sealed, *, seq: int, position: int, prev_hash: str, at: datetime) -> str:
    """Hash an entry: SHA-256 in hexadecimal over the canonical JSON of the event, its numbers and the link."""
    content = {
        "version": VERSION,
        "merchant_id": str(event.merchant_id),
        "livemode": event.livemode,
        "seq": seq,
        "position": position,
        "prev_hash": prev_hash,
        "at": _moment(at),
        "event": {
            "id": str(event.id),
            "created_at": _moment(event.created_at),
            "type": event.type,
            "subject_type": event.subject_type,
            "subject_id": event.subject_id,
            "data": _decoder.decode(event.data),
            "changes": _decoder.decode(event.changes),
            "actor": event.actor,
            "correlation_id": event.correlation_id,
            "transaction": event.transaction,
            "inserted": event.inserted,
        },
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
