"""API keys: created and shown once, rotated with an overlap, revoked at once."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from rupai.accounts.models import ApiKey
from rupai.accounts.scopes import KEY_SCOPES
from rupai.accounts.services import credentials
from rupai.accounts.services.credentials import NewCredential, ScopesTooWide
from rupai.core import clock, events
from rupai.core.actor import Actor

NewKey = NewCredential[ApiKey]


def create_key(*, actor: Actor, name: str, scopes: list[str], expires_at: datetime | None = None) -> NewKey:
    """Create a key for the actor's merchant and mode.

    :raises ScopesTooWide: when the actor lacks a wanted scope, or a key may not carry it.
    :raises InvalidInput: when the expiry is in the past.
    """
    actor.require("api_keys:write")
    _check(actor, scopes)
    credentials.check_expiry(expires_at)
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
    credentials.check_overlap(overlap)
    with transaction.atomic():
        old: ApiKey = ApiKey.objects.visible_to(actor).select_for_update(of=("self",)).named(key_id)
        _check(actor, old.scopes)
        credentials.check_replaceable(old)
        made = _make(actor, name=old.name, scopes=old.scopes, expires_at=old.expires_at)
        changes = credentials.hand_over(old, made.key, overlap=overlap)
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
    return {**credentials.public(key), "name": key.name, "scopes": sorted(key.scopes)}


def _revoke(key: ApiKey, actor: Actor) -> bool:
    changes = credentials.end(key)
    if changes:
        events.emit("api_key.revoked", subject=key, actor=actor, data=public(key), changes=changes)
    return bool(changes)


def _check(actor: Actor, scopes: list[str]) -> None:
    beyond = sorted(scope for scope in scopes if not actor.may(scope) or scope not in KEY_SCOPES)
    if beyond:
        raise ScopesTooWide("A key may not carry these scopes", hint="Ask for scopes that you have.", scopes=beyond)


def _make(actor: Actor, *, name: str, scopes: list[str], expires_at: datetime | None) -> NewKey:
    key = ApiKey(
        merchant_id=actor.merchant,
        livemode=actor.livemode,
        created_at=clock.now(),
        name=name,
        scopes=sorted(set(scopes)),
        created_by=actor.id,
        expires_at=expires_at,
    )
    return credentials.make(key)
