"""API keys: created and shown once, rotated with an overlap, revoked at once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from rupai.accounts.models import ApiKey
from rupai.accounts.scopes import KEY_SCOPES
from rupai.core import clock, crypto, events, ids
from rupai.core.actor import Actor
from rupai.core.errors import DomainError, InvalidInput, WrongState

LONGEST_OVERLAP = timedelta(days=7)
_SECRET_BYTES = 24


class ScopesTooWide(DomainError):
    """Nobody can hand out what they may not do themselves."""

    code, status = "scopes_too_wide", 403


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which exists only in this answer."""

    key: ApiKey
    secret: str


def create_key(*, actor: Actor, name: str, scopes: list[str], expires_at: datetime | None = None) -> NewKey:
    """Create a key for the actor's merchant and mode.

    :raises ScopesTooWide: when the actor lacks a wanted scope, or a key may not carry it.
    :raises InvalidInput: when the expiry is in the past.
    """
    actor.require("api_keys:write")
    _check(actor, scopes, expires_at)
    with transaction.atomic():
        made = _make(actor, name=name, scopes=scopes, expires_at=expires_at)
        events.emit("api_key.created", subject=made.key, actor=actor, data=public(made.key))
        return made


def rotate_key(*, actor: Actor, key_id: str, overlap: timedelta) -> NewKey:
    """Replace a key by a new one of the same name and scopes; the old one works until the overlap ends.

    :raises WrongState: when the key is revoked, expired or already rotated.
    :raises InvalidInput: when the overlap is negative or longer than 7 days.
    """
    actor.require("api_keys:write")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise InvalidInput("The overlap must be between 0 and 7 days")
    with transaction.atomic():
        old: ApiKey = ApiKey.objects.visible_to(actor).select_for_update(of=("self",)).named(key_id)
        _check(actor, old.scopes, None)
        now = clock.now()
        if not old.is_usable(now) or old.rotated_to_id is not None:
            raise WrongState("This key cannot be rotated any more", hint="Create a new key.", status_is=old.status)
        made = _make(actor, name=old.name, scopes=old.scopes, expires_at=old.expires_at)
        old.rotated_to = made.key
        old.expires_at = min(filter(None, [old.expires_at, now + overlap]))
        old.save(update_fields=["rotated_to", "expires_at"])
        changes = {"rotated_to": [None, made.key.public_id]}
        events.emit("api_key.rotated", subject=old, actor=actor, data=public(old), changes=changes)
        return made


def revoke_key(*, actor: Actor, key_id: str) -> ApiKey:
    """End a key at once; revoking it again changes nothing."""
    actor.require("api_keys:write")
    with transaction.atomic():
        key: ApiKey = ApiKey.objects.visible_to(actor).select_for_update(of=("self",)).named(key_id)
        _revoke(key, actor)
        return key


def revoke_keys_made_by(*, actor: Actor, maker: str, merchant_id: UUID) -> int:
    """End the keys that a person made at a merchant, in both modes, and those that were made with these keys.

    Whoever leaves still knows the secrets. Must run inside a transaction; tells how many keys ended.
    """
    makers, count = {maker}, 0
    while makers:
        made = ApiKey.objects.select_for_update(of=("self",)).filter(merchant_id=merchant_id, created_by__in=makers)
        keys = list(made.order_by("pk"))
        for key in keys:
            count += _revoke(key, actor)
        makers = {key.public_id for key in keys}
    return count


def public(key: ApiKey) -> dict[str, object]:
    """The key's fields that may be shown; never the secret."""
    return {
        "id": key.public_id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "last4": key.last4,
        "status": key.status,
        "livemode": key.livemode,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }


def _revoke(key: ApiKey, actor: Actor) -> bool:
    if key.revoked_at is not None:
        return False
    before = key.status
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    events.emit("api_key.revoked", subject=key, actor=actor, data=public(key), changes={"status": [before, key.status]})
    return True


def _check(actor: Actor, scopes: list[str], expires_at: datetime | None) -> None:
    beyond = sorted(scope for scope in scopes if not actor.may(scope) or scope not in KEY_SCOPES)
    if beyond:
        raise ScopesTooWide("A key may not carry these scopes", hint="Ask for scopes that you have.", scopes=beyond)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput("The expiry is in the past")


def _make(actor: Actor, *, name: str, scopes: list[str], expires_at: datetime | None) -> NewKey:
    identifier = ids.new_key()
    secret = secrets.token_hex(_SECRET_BYTES)
    mode = "live" if actor.livemode else "test"
    key = ApiKey.objects.create(
        id=identifier,
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=clock.now(),
        name=name,
        scopes=sorted(set(scopes)),
        secret_digest=crypto.digest(secret),
        last4=secret[-4:],
        created_by=actor.id,
        expires_at=expires_at,
    )
    return NewKey(key, f"rk_{mode}_{ids.public_id('', identifier)[1:]}_{secret}")
