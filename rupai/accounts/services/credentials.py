"""What keys of every kind have in common: made, replaced with an overlap, ended, and recognised again."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from rupai.accounts.models import Credential
from rupai.core import clock, crypto, ids
from rupai.core.errors import DomainError, InvalidInput, WrongState

LONGEST_OVERLAP = timedelta(days=7)
C = TypeVar("C", bound=Credential)
_SECRET_BYTES = 24
_MODES = {"test": False, "live": True}
# Compared against when no key is found, so that an unknown id takes as long as a wrong secret.
_NOBODY = crypto.digest("nobody")


class ScopesTooWide(DomainError):
    """Nobody can hand out what they may not do themselves."""

    code, status = "scopes_too_wide", 403


@dataclass(frozen=True, slots=True)
class NewCredential(Generic[C]):
    """A key with its secret, which exists only in this answer."""

    key: C
    secret: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a caller shows: which key it says it is, for which mode, and the secret as its proof."""

    key_id: UUID
    livemode: bool
    secret: str


def make(key: C) -> NewCredential[C]:
    """Give a new key its secret and write it."""
    secret = secrets.token_hex(_SECRET_BYTES)
    key.secret_digest = crypto.digest(secret)
    key.last4 = secret[-4:]
    key.save(force_insert=True)
    mode = "live" if key.livemode else "test"
    return NewCredential(key, f"{key.opening}_{mode}_{ids.public_id('', key.pk)[1:]}_{secret}")


def check_overlap(overlap: timedelta) -> None:
    """Refuse an overlap that is negative or longer than 7 days.

    :raises InvalidInput: saying so.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("The overlap must be between 0 and 7 days")


def check_expiry(expires_at: datetime | None) -> None:
    """Refuse an expiry that is over.

    :raises InvalidInput: saying so.
    """
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput("The expiry is in the past")


def check_replaceable(old: Credential) -> None:
    """Refuse to replace a key that is over, or was replaced before.

    :raises WrongState: saying so.
    """
    if not old.is_usable(clock.now()) or old.rotated_to is not None:
        raise WrongState("This key cannot be rotated any more", hint="Create a new key.", status_is=old.status)


def hand_over(old: C, new: C, *, overlap: timedelta) -> dict[str, list[Any]]:
    """Let a locked key end after the overlap in favour of a new one; give what changed."""
    old.rotated_to = new
    old.expires_at = min(filter(None, [old.expires_at, clock.now() + overlap]))
    old.save(update_fields=["rotated_to", "expires_at"])
    return {"rotated_to": [None, new.public_id]}


def end(key: Credential) -> dict[str, list[Any]]:
    """End a locked key at once; give what changed, which is nothing when it had been revoked."""
    if key.revoked_at is not None:
        return {}
    before = key.status
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    return {"status": [before, key.status]}


def public(key: Credential) -> dict[str, object]:
    """The fields of every key that may be shown; never the secret."""
    return {
        "id": key.public_id,
        "last4": key.last4,
        "status": key.status,
        "livemode": key.livemode,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


def read(value: str, kind: type[Credential]) -> Shown | None:
    """Take a value apart; None when it has not the form of this kind of key."""
    parts = value.split("_")
    if len(parts) != 4 or parts[0] != kind.opening or parts[1] not in _MODES:
        return None
    try:
        return Shown(ids.parse("", f"_{parts[2]}"), _MODES[parts[1]], parts[3])
    except ids.InvalidId:
        return None


def proves(shown: Shown, digest: str | None) -> bool:
    """Compare the secret with the kept digest, in the same time whether or not there is one."""
    right = crypto.same(digest or _NOBODY, crypto.digest(shown.secret))
    return right and digest is not None
