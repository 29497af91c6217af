"""Time-ordered keys (UUIDv7, RFC 9562) and the public ids computed from them."""

import secrets
import uuid
from datetime import datetime

from rupai.core import clock

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 22
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


class InvalidId(ValueError):
    """The text is no public id of the wanted kind."""


def new_key(moment: datetime | None = None) -> uuid.UUID:
    """Make a UUIDv7 from a moment (default: now): 48 bits of milliseconds, 74 random bits."""
    milliseconds = int((moment or clock.now()).timestamp() * 1000)
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def public_id(prefix: str, key: uuid.UUID) -> str:
    """Write a key as ``<prefix>_`` and 22 base62 characters, which sort like the key in the C collation."""
    value, characters = key.int, []
    for _ in range(LENGTH):
        value, digit = divmod(value, 62)
        characters.append(ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(characters))}"


def parse(prefix: str, text: str) -> uuid.UUID:
    """Read the key back out of a public id.

    :raises InvalidId: on another prefix, length, character, or a value over 128 bits.
    """
    found, _, digits = text.rpartition("_")
    if found != prefix or len(digits) != LENGTH:
        raise InvalidId(text)
    value = 0
    for character in digits:
        if character not in _VALUES:
            raise InvalidId(text)
        value = value * 62 + _VALUES[character]
    if value >= 1 << 128:
        raise InvalidId(text)
    return uuid.UUID(int=value)
