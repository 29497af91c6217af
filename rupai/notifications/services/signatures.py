"""Signatures of webhooks, both sides: Standard Webhooks 1.0.0, scheme ``v1`` (HMAC-SHA-256)."""

import base64
import hmac
import os
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from rupai.core import crypto

PREFIX = "whsec_"
TOLERANCE = timedelta(seconds=300)
_SECRET_BYTES = 32


class SignatureWrong(Exception):
    """The message is not from who holds the secret, was altered, or is too old."""


def new_secret() -> str:
    """Make a random secret: ``whsec_`` and the base64 of 32 bytes."""
    return PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def headers(*, secrets: Iterable[str], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Sign a message with each secret; the receiver accepts it when one of the signatures is right."""
    timestamp = str(int(at.timestamp()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(secret, message_id, timestamp, body) for secret in secrets),
    }


def verify(
    *,
    secrets: Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> None:
    """Verify a received message; header names may have any case, and ``now`` may be off by the tolerance either way.

    :raises SignatureWrong: saying what is wrong.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (
        given.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if not message_id or not signatures:
        raise SignatureWrong("A webhook header is missing")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise SignatureWrong("The timestamp is no whole number of seconds")
    if abs(int(now.timestamp()) - int(timestamp)) > tolerance.total_seconds():
        raise SignatureWrong("The timestamp is too far from now")
    expected = [_signature(secret, message_id, timestamp, body) for secret in secrets]
    # Every pair is compared, so that the time tells nothing about which one came close.
    matches = [crypto.same(right, found) for found in signatures.split(" ") for right in expected]
    if not any(matches):
        raise SignatureWrong("No signature is right")


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
