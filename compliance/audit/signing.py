"""Ed25519 signatures under heads.

``AUDIT_SIGNING_KEY`` is the base64 of a 32 byte seed; older seeds may follow after commas. The first one signs, all of
them are trusted.
"""

import base64
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@lru_cache(maxsize=4)
def _keys(configured: str) -> list[Ed25519PrivateKey]:
    keys = []
    for part in filter(None, (piece.strip() for piece in configured.split(","))):
        try:
            keys.append(Ed25519PrivateKey.from_private_bytes(base64.b64decode(part, validate=True)))
        except ValueError:
            raise ImproperlyConfigured("AUDIT_SIGNING_KEY must be the base64 of 32 bytes, newest first") from None
    if not keys:
        raise ImproperlyConfigured("AUDIT_SIGNING_KEY is empty")
    return keys


@lru_cache(maxsize=4)
def _trusted(configured: str) -> list[Ed25519PublicKey]:
    return [key.public_key() for key in _keys(configured)]


def sign(text: str) -> str:
    """Sign text with the newest key; the signature is base64."""
    return base64.b64encode(_keys(settings.AUDIT_SIGNING_KEY)[0].sign(text.encode())).decode()


def is_signed(text: str, signature: str) -> bool:
    """Whether a trusted key made this signature over this text."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return any(_verifies(key, raw, text.encode()) for key in _trusted(settings.AUDIT_SIGNING_KEY))


def public_key() -> str:
    """The newest key's public half in base64, for whoever checks an exported head elsewhere."""
    return base64.b64encode(_trusted(settings.AUDIT_SIGNING_KEY)[0].public_bytes_raw()).decode()


def _verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True
