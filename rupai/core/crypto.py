"""Sealing at rest (AES-256-GCM), blind indexes and constant-time digests.

``ENCRYPTION_KEY`` is ``id:base64[,older id:base64...]``: the first key seals, all of them open. A sealed value is
``1 | length of the key id | key id | 12 bytes nonce | ciphertext and tag``; the context binds it to its column.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

_VERSION = b"\x01"


class CannotOpen(Exception):
    """The value was sealed with a key that is gone, for another context, or was altered."""


@lru_cache(maxsize=4)
def _ring(configured: str) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for part in filter(None, (piece.strip() for piece in configured.split(","))):
        name, _, encoded = part.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not name or len(name) > 32 or len(key) != 32:
            raise ImproperlyConfigured(
                "ENCRYPTION_KEY must be id:base64 of 32 bytes, newest first, separated by commas"
            )
        ring[name] = key
    if not ring:
        raise ImproperlyConfigured("ENCRYPTION_KEY is empty")
    return ring


@lru_cache(maxsize=64)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def new_data_key() -> bytes:
    """Make a random 256-bit key, e.g. of one person."""
    return os.urandom(32)


def seal(plain: bytes, *, context: str, key: bytes | None = None) -> bytes:
    """Seal bytes for one context, under the newest key or a given data key."""
    name, used = ("", key) if key is not None else next(iter(_ring(settings.ENCRYPTION_KEY).items()))
    nonce = os.urandom(12)
    header = _VERSION + bytes([len(name)]) + name.encode()
    return header + nonce + _cipher(used).encrypt(nonce, plain, header + context.encode())


def unseal(sealed: bytes, *, context: str, key: bytes | None = None) -> bytes:
    """Open what ``seal`` made.

    :raises CannotOpen: when the key is unknown, the context another, or a byte was changed.
    """
    length = sealed[1] if len(sealed) > 2 else 0
    header, name = sealed[: 2 + length], sealed[2 : 2 + length].decode("ascii", "replace")
    used = key if key is not None else _ring(settings.ENCRYPTION_KEY).get(name)
    if used is None or header[:1] != _VERSION:
        raise CannotOpen(f"No key {name!r}")
    body = sealed[2 + length :]
    try:
        return _cipher(used).decrypt(body[:12], body[12:], header + context.encode())
    except (InvalidTag, ValueError):
        raise CannotOpen(context) from None


@lru_cache(maxsize=32)
def _index_key(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"rupai blind index {purpose}".encode()).derive(secret)


def blind_indexes(value: str, *, purpose: str) -> list[bytes]:
    """Digests under which an exact value can be found: one a key, newest first (write the first, search all)."""
    return [
        hmac.digest(_index_key(key, purpose), value.encode(), "sha256")
        for key in _ring(settings.ENCRYPTION_KEY).values()
    ]


def digest(secret: str) -> str:
    """Hash a random secret of >= 128 bits for storage."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str | bytes, right: str | bytes) -> bool:
    """Compare in constant time."""
    first, second = (value.encode() if isinstance(value, str) else value for value in (left, right))
    return hmac.compare_digest(first, second)


class SealedField(models.BinaryField[bytes | None, bytes | None]):
    """Bytes that are sealed in the database and plain in Python; ``manage.py rotate_encryption`` re-seals them."""

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self.context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "context": self.context}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else unseal(bytes(value), context=self.context)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = None if value is None else seal(bytes(value), context=self.context)
        return super().get_db_prep_value(sealed, connection, prepared)
